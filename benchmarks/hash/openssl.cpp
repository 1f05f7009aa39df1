#include <openssl/evp.h>

#include <array>

#include "cases.hpp"

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  cases.array("md5", "openssl", [](const std::vector<double>& values) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    EVP_Digest(values.data(), values.size() * sizeof(double), digest.data(), &size, EVP_md5(),
               nullptr);
    return std::string(digest.begin(), digest.begin() + size);
  });
}
