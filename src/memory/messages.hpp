#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "joblib/memory/metadata.hpp"

namespace joblib::detail {

// What joblib prints about cached calls.

using Seconds = std::chrono::duration<double>;

/// "features.costly" of "features/costly"
std::string dotted(std::string_view function);
/// "costly"
std::string last_part(std::string_view function);

/// "Querying features.costly with signature\ncostly(3, 'x').\n\n(argument hash ..." and the rest
std::string querying(std::string_view function, const std::vector<std::string>& arguments,
                     std::string_view args_id, std::string_view place);
/// "________\n[Memory] Calling features.costly...\ncostly(3, 'x')"
std::string calling(std::string_view function, const std::vector<std::string>& arguments);
/// "______costly - 0.1s, 0.0min"
std::string called(std::string_view function, Seconds duration);
/// "______costly cache loaded - 0.1s, 0.0min"
std::string loaded(std::string_view function, Seconds duration);
/// "[Memory]0.0s, 0.0min    : Loading costly", and "(x=3)" where its metadata is at hand
std::string loading(std::string_view function, Seconds age, const Metadata* metadata);

}  // namespace joblib::detail
