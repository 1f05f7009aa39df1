#pragma once

#include <string>

#include "joblib/hashing/detail/hash_writer.hpp"
#include "joblib/hashing/options.hpp"
#include "joblib/pickle/detail/save.hpp"

namespace joblib {

/// The digest of a value, as lower-case hexadecimal digits: 32 for md5 and xxh3, 40 for sha1. The
/// same for values that are equal in type, layout and sharing, in any program and on any machine of
/// the same byte order; for md5 and sha1 what Python's joblib.hash returns for the Python value
/// that dump writes. Throws Error for an unknown name, and for values that can't be dumped.
template <class T>
std::string hash(const T& value, const HashOptions& options = {}) {
  detail::HashWriter writer(options);
  detail::save(writer, value);
  return writer.hexdigest();
}

}  // namespace joblib
