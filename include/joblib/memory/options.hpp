#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "joblib/core/byte_size.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/mmap_mode.hpp"
#include "joblib/memory/metadata.hpp"
#include "joblib/pickle/dump.hpp"
#include "joblib/pickle/object.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

/// How much a cache may keep; unset: any amount. What was used last stays.
struct SizeLimits {
  std::optional<ByteSize> bytes_limit = {};
  std::optional<std::size_t> items_limit = {};
  std::optional<std::chrono::seconds> age_limit = {};  ///< since the last use

  bool any() const noexcept { return bytes_limit || items_limit || age_limit; }
};

struct MemoryOptions {
  StoreRef backend = {};  ///< "local", "memory", the name of another one, or a store
  /// Arrays of results are mapped from their files, see LoadOptions; also those of the first call.
  std::optional<MmapMode> mmap_mode = {};
  Compress compress = {};
  /// 1 prints each computation, 2 and more also what is read, 11 where it is kept; 0 nothing.
  int verbose = 1;
  StoreOptions backend_options = {};
  /// Kept automatically, by a thread that removes what was used least recently; exceeded by at
  /// most some percent for a while.
  SizeLimits limits = {};
  /// One caller computes a missing result, the others on this machine wait for it. Otherwise each
  /// of them computes it.
  bool compute_once = true;
  /// A result that can't be stored is an Error, instead of a warning.
  bool strict = false;
  /// Also called with the error when a result can't be stored; it must not throw.
  std::function<void(const Error&)> on_store_error = {};
};

/// What belongs to a callable beside its arguments: a value that is hashed with them.
class State {
 public:
  State() = default;
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, State>)
  State(const T& value) : value_(Object(value)) {}

  const std::optional<Object>& value() const noexcept { return value_; }

 private:
  std::optional<Object> value_ = {};
};

struct CacheOptions {
  /// Names of arguments, of those in `args`, that make no difference to the result.
  std::vector<std::string> ignore = {};
  std::optional<int> verbose = {};         ///< unset: that of the Memory
  std::optional<MmapMode> mmap_mode = {};  ///< unset: that of the Memory
  Validator validate = {};
  /// The names of the parameters, all of them: with `.version = ""` the results are shared with a
  /// Python function that has the same ones.
  std::vector<std::string> args = {};
  /// Results of different versions are kept apart. Unset: the build identity of the program or
  /// library that holds the function, so that changed code computes again; "": none.
  std::optional<std::string> version = {};
  State state = {};  ///< needed for callables that have some, unless they can be pickled
};

/// How a Memory has served since it was made.
struct MemoryStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t store_errors = 0;  ///< results that could not be stored
  std::uint64_t bytes = 0;         ///< of the results that were stored
  /// What the hits would have taken to compute, estimated from durations of each function.
  std::chrono::duration<double> time_saved{};
};

}  // namespace joblib
