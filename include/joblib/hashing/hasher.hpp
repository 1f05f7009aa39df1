#pragma once

#include <string>
#include <utility>

#include "joblib/hashing/hash.hpp"
#include "joblib/hashing/hashed.hpp"

namespace joblib {

/// The digest of several values that come one after the other: that of their digests. Python's
/// joblib has no counterpart. A copy goes on from where it was made.
class Hasher {
 public:
  explicit Hasher(HashOptions options = {}) : options_(std::move(options)) {}

  /// Throws Error as hash does.
  template <class T>
  Hasher& update(const T& value) {
    digests_ += hash(value, options_);
    return *this;
  }

  /// Of all values so far, as lower-case hexadecimal digits.
  std::string hexdigest() const;

 private:
  HashOptions options_;
  std::string digests_ = {};
};

}  // namespace joblib
