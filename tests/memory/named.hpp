#pragma once

namespace named {

/// In a shared library.
int from_library(int x);

}  // namespace named
