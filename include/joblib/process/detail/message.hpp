#pragma once

#include "joblib/pickle/bytes.hpp"
#include "joblib/pickle/detail/array_files.hpp"

namespace joblib::detail {

/// A request or a reply on its way between processes of this machine.
struct Message {
  bytes payload = {};
  FileList files = {};  ///< the payload refers to them by their index
};

/// How many files a message can have: the system passes on no more than 253 at once.
inline constexpr std::size_t most_files = 250;

}  // namespace joblib::detail
