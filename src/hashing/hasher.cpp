#include "joblib/hashing/hasher.hpp"

#include <span>

#include "joblib/hashing/detail/digest.hpp"

namespace joblib {

std::string Hasher::hexdigest() const {
  detail::Digest digest(options_.name);
  digest.write(std::as_bytes(std::span(digests_)));
  return digest.hex();
}

}  // namespace joblib
