// A program whose OpenSSL forbids MD5, by the configuration of fips.cnf, hashes all the same.

#include <cstdlib>
#include <iostream>
#include <string>

#include <openssl/evp.h>

#include "joblib/hash.hpp"

int main() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  if (EVP_Digest("", 0, digest, nullptr, EVP_md5(), nullptr) == 1) {
    std::cerr << "OpenSSL allows MD5: OPENSSL_CONF isn't that of this test\n";
    return EXIT_FAILURE;
  }
  const std::string md5 = joblib::hash(1), sha1 = joblib::hash(1, {.name = "sha1"});
  std::cout << md5 << '\n' << sha1 << '\n';
  const bool is_right = md5 == "366da3d0fc5e8ed36f9eac8083a46ae8" &&
                        sha1 == "1bc1abc7c87377db888627a6a38885ce2b40ddda";
  return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
