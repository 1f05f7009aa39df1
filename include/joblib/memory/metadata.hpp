#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace joblib {

/// What is kept beside a result, in metadata.json.
struct Metadata {
  std::chrono::duration<double> duration{};  ///< of computing the result
  /// The arguments that count, by name, as Python would print them.
  std::vector<std::pair<std::string, std::string>> input_args = {};
  std::chrono::system_clock::time_point time = {};  ///< when the result was stored
};

/// Whether a result that is there may still be used; it is computed again otherwise.
using Validator = std::function<bool(const Metadata&)>;

/// Results are used until they are this old.
Validator expires_after(std::chrono::nanoseconds age);

namespace detail {

/// What expires_after gives, which other processes can have, too.
struct ExpiresAfter {
  std::chrono::nanoseconds age;

  bool operator()(const Metadata& metadata) const {
    return std::chrono::system_clock::now() - metadata.time < age;
  }
};

/// JSON as Python's joblib writes and reads it.
std::string to_json(const Metadata& metadata);
/// Throws Error for text that is something else; what is missing keeps its default.
Metadata metadata_from_json(std::string_view text);

}  // namespace detail
}  // namespace joblib
