#pragma once

#include <chrono>
#include <string>

namespace joblib {

/// At least 7 characters, as in the progress messages: "   0.1s", "  60.0s", " 1.5min", "100.0min".
std::string short_format_time(std::chrono::duration<double> time);

/// Both units, as in the messages of Memory: "90.0s, 1.5min".
std::string format_time(std::chrono::duration<double> time);

}  // namespace joblib
