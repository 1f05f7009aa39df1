#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "joblib/process/detail/protocol.hpp"

namespace joblib::test {

/// Lets bytes arrive, at most `step` at a time, and hands over the frames that they make.
template <class Take>
void receive(detail::Protocol& protocol, std::span<const std::byte> data, std::size_t step,
             Take take) {
  while (!data.empty()) {
    const auto room = protocol.room();
    const std::size_t count = std::min({room.size(), data.size(), step});
    std::memcpy(room.data(), data.data(), count);
    protocol.received(count);
    data = data.subspan(count);
    while (auto frame = protocol.next()) take(*std::move(frame));
  }
}

}  // namespace joblib::test
