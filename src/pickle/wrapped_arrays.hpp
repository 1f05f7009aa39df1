#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "joblib/pickle/detail/reader.hpp"

namespace joblib::detail {

/// Reads the elements that follow a NumpyArrayWrapper of this state.
Value read_wrapped_array(BufferedInput& input, Document& document, const Dict& state,
                         const ReadOptions& options);

/// Reads the array that an NDArrayWrapper or ZNDArrayWrapper of joblib until 0.9 stands for, from
/// its own file.
Value read_legacy_array(BufferedInput& input, Document& document, const Instance& wrapper,
                        const ReadOptions& options);

/// Reads so many bytes into memory that grows with what has been read, wherever the number may lie.
std::vector<std::byte> read_in_steps(BufferedInput& input, std::uint64_t size);

/// The value of the last entry with this key; null where there is none.
const Value* find(const Dict& dict, std::string_view key);

}  // namespace joblib::detail
