#pragma once

namespace joblib {

/// How memory maps are opened: read only, read and write, the same with a new file, copy on write.
enum class MmapMode { r, r_plus, w_plus, c };

}  // namespace joblib
