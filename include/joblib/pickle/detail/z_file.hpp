#pragma once

#include <cstddef>
#include <vector>

#include "joblib/io/buffered_input.hpp"

namespace joblib::detail {

/// What compressed files of joblib until 0.9 begin with.
inline constexpr std::string_view z_file_prefix = "ZF";

/// The content of such a file: "ZF", the number of bytes in hexadecimal and padded with blanks to
/// 19 characters, then a zlib stream. Throws Error where the number isn't right.
std::vector<std::byte> read_z_file(BufferedInput& input);

}  // namespace joblib::detail
