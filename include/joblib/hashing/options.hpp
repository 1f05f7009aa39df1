#pragma once

#include <string>

namespace joblib {

struct HashOptions {
  /// "md5" or "sha1", the results of Python's joblib.hash; "xxh3", XXH3 of 128 bits over the same
  /// bytes, many times as fast on large arrays.
  std::string name = "md5";
  /// Whether a mapped array hashes as one in memory does. For Python they differ in class.
  bool coerce_mmap = false;
  /// Python's default protocol, by which the types of arrays are hashed: 4 for Python 3.8 to 3.13,
  /// 5 for 3.14, 3 for earlier ones.
  int dtype_protocol = 4;
  /// numpy's major version, 1 or 2: they differ in numpy's scalars, arrays of objects, and aligned
  /// structures.
  int numpy_version = 1;

  friend bool operator==(const HashOptions&, const HashOptions&) = default;
};

}  // namespace joblib
