// Hashes the values of a file, for hash_test.py: hash_values <file>. Each one follows a letter and
// its size, in 8 bytes, little endian: 'v', any value; 's', the tuple (array without elements,
// shape, strides, offset, bytes), an array of that type in these bytes. Prints the MD5 and the SHA1
// of each, or "error" and what is wrong.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "joblib/hash.hpp"
#include "joblib/persistence.hpp"

namespace {

// Any strides and any type, which ndarray has no room for.
std::string hash_of_strided(const joblib::Object& parts, const joblib::HashOptions& options) {
  const auto memory = std::make_shared<joblib::bytes>(parts[4].as<joblib::bytes>());
  auto* const first = memory->data() + parts[3].as<std::size_t>();
  joblib::detail::HashWriter writer(options);
  writer.array({.type = parts[0].dtype(),
                .shape = parts[1].as<std::vector<std::size_t>>(),
                .strides = parts[2].as<std::vector<std::ptrdiff_t>>(),
                .data = std::shared_ptr<std::byte>(memory, first)});
  return writer.hexdigest();
}

}  // namespace

int main(int, char** arguments) {
  std::ifstream file(arguments[1], std::ios::binary);
  char kind = 0;
  while (file.get(kind)) {
    std::uint64_t size = 0;
    file.read(reinterpret_cast<char*>(&size), sizeof(size));
    joblib::bytes pickle(size);
    file.read(reinterpret_cast<char*>(pickle.data()), static_cast<std::streamsize>(size));
    try {
      const joblib::Object value = joblib::loads(pickle, {.ensure_native_byte_order = false});
      for (const char* const name : {"md5", "sha1"}) {
        std::cout << (kind == 's' ? hash_of_strided(value, {.name = name})
                                  : joblib::hash(value, {.name = name}))
                  << (name[0] == 'm' ? ' ' : '\n');
      }
    } catch (const joblib::Error& error) {
      std::cout << "error " << error.what() << '\n';
    }
  }
}
