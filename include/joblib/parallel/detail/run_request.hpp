#pragma once

#include <cstddef>
#include <span>

#include "joblib/pickle/bytes.hpp"

namespace joblib::detail {

// Runs the tasks of a RemoteJob::request() in this process, and returns the reply. An error of a
// task, or of the request, is the reply as well.
bytes run_request(std::span<const std::byte> request);

}  // namespace joblib::detail
