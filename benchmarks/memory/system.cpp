// The system calls and digests that a cache can't do without.

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <span>

#include "cases.hpp"

namespace {

void hash(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr);
}

void write_file(const std::string& folder, const std::string& name,
                std::span<const std::byte> bytes) {
  const std::string temporary = folder + "/../temporary", path = folder + '/' + name;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (::write(fd, bytes.data(), bytes.size()) < 0) std::perror("write");
  ::close(fd);
  ::rename(temporary.c_str(), path.c_str());
}

void read_file(const std::string& path, std::span<std::byte> bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  const std::string name = "system";
  std::filesystem::create_directories(cases.folder());
  const std::string folder = cases.folder().string() + '/';
  std::array<std::byte, 5> output{};
  std::array<std::byte, 80> metadata{};

  const auto make = [&](int i) {
    const std::string entry = folder + std::to_string(i);
    hash(metadata);
    const int fd = ::open((entry + "/output.pkl").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    ::mkdir(entry.c_str(), 0777);
    write_file(entry, "metadata.json", metadata);
    write_file(entry, "output.pkl", output);
  };

  if (cases.name() == "small") {
    for (int i = 0; i < 1000; ++i) make(-1 - i);
    cases.small("hit", name, true, [&](int i) {
      hash(metadata);
      read_file(folder + std::to_string(-1 - i) + "/output.pkl", output);
    });
    cases.small("miss", name, false, make);
  }

  if (cases.name().starts_with("array_")) {
    const std::vector<double> values = cases.array();
    const auto bytes = std::as_bytes(std::span(values));
    write_file(folder + '.', "array", bytes);
    cases.large("hit", name, [&] {
      hash(bytes);
      std::vector<double> result(values.size());
      read_file(folder + "array", std::as_writable_bytes(std::span(result)));
      return result;
    });
    if (cases.name() == "array_100MB") cases.large("mapped", name, [&] { hash(bytes); });
  }
}
