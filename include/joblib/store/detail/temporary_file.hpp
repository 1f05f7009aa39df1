#pragma once

#include <memory>
#include <string>

#include "joblib/io/byte_stream.hpp"

namespace joblib::detail {

/// A file that is written to `folder` and moved to `target` with finish(): complete, in place of
/// one that is there. Folders that are missing are made. Destroyed without finish() it leaves no
/// trace. With `fsync` the disk has all bytes before the file gets its name, and then the name.
/// Throws Error.
std::unique_ptr<ByteSink> create_file(std::string target, const std::string& folder, bool fsync);

/// Removes the files of create_file in a folder whose processes have died, as far as that can be
/// known: on this machine; those that nobody has written to for a day wherever they come from.
void remove_leftovers(const std::string& folder) noexcept;

}  // namespace joblib::detail
