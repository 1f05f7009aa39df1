#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "joblib/hashing/hash.hpp"
#include "joblib/pickle/pickler.hpp"

namespace joblib {

/// A value that never changes, and its digest, computed once: a large argument that is used again
/// and again. Copies are cheap and share both. It converts to the value, and is dumped as such.
template <class T>
class Hashed {
 public:
  Hashed(T value, const HashOptions& options)
      : kept_(std::make_shared<const Kept>(std::move(value), options)) {}

  const T& value() const noexcept { return kept_->value; }
  operator const T&() const noexcept { return kept_->value; }
  const std::string& digest() const noexcept { return kept_->digest; }
  const HashOptions& options() const noexcept { return kept_->options; }

 private:
  struct Kept {
    Kept(T its_value, const HashOptions& its_options)
        : value(std::move(its_value)), options(its_options), digest(hash(value, options)) {}

    T value;
    HashOptions options;
    std::string digest;
  };

  std::shared_ptr<const Kept> kept_;
};

/// Hashes a value and keeps both. Elements that an array shares with others must not change any
/// more.
template <class T>
Hashed<std::decay_t<T>> hashed(T&& value, const HashOptions& options = {}) {
  return {std::forward<T>(value), options};
}

/// The digest that is kept, where the options are the same.
template <class T>
std::string hash(const Hashed<T>& value, const HashOptions& options = {}) {
  return options == value.options() ? value.digest() : hash(value.value(), options);
}

template <class T>
struct pickler<Hashed<T>> {
  static constexpr bool copies_are_independent = true;  // the value never changes
  static const T& to_state(const Hashed<T>& value) { return value.value(); }
  static Hashed<T> from_state(T value) { return hashed(std::move(value)); }
};

namespace detail {

/// Inside of other values the kept digest stands for the value; Python has no such digests.
template <class T>
void save(HashWriter& sink, const Hashed<T>& value) {
  sink.global("joblib", "hashed");
  sink.str(value.options().name);
  sink.str(value.digest());
  sink.end_tuple(2);
  sink.reduce();
}

}  // namespace detail
}  // namespace joblib
