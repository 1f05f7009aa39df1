// Prints the values of a file, for repr_test.py: repr_values <file>. Each one follows its size, in
// 8 bytes, little endian. Writes the repr of each, and how it is shown in messages of Memory, after
// their sizes.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>

#include "joblib/memory/detail/arguments.hpp"
#include "joblib/persistence.hpp"

namespace {

void write(const std::string& text) {
  const std::uint64_t size = text.size();
  std::cout.write(reinterpret_cast<const char*>(&size), sizeof(size)) << text;
}

}  // namespace

int main(int, char** arguments) {
  std::ifstream file(arguments[1], std::ios::binary);
  std::uint64_t size = 0;
  while (file.read(reinterpret_cast<char*>(&size), sizeof(size))) {
    joblib::bytes pickle(size);
    file.read(reinterpret_cast<char*>(pickle.data()), static_cast<std::streamsize>(size));
    const joblib::Object value = joblib::loads(pickle);
    constexpr std::size_t unlimited = 1'000'000'000;
    write(value.repr(unlimited));
    write(joblib::detail::representation(value, joblib::detail::ShownIn::message));
  }
}
