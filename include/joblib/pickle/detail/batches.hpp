#pragma once

#include <algorithm>
#include <cstddef>

namespace joblib::detail {

/// Containers get their items in batches, as Python does: `save_one(i)` for each, then
/// `close(batch size)`. Batches below `smallest_marked` have no mark.
template <class Sink, class SaveOne, class Close>
void save_in_batches(Sink& sink, std::size_t count, std::size_t smallest_marked, SaveOne save_one,
                     Close close) {
  constexpr std::size_t largest_batch = 1000;
  for (std::size_t begin = 0; begin < count;) {
    const std::size_t batch = std::min(largest_batch, count - begin);
    if (batch >= smallest_marked) sink.mark();
    for (const std::size_t end = begin + batch; begin < end; ++begin) save_one(begin);
    close(batch);
  }
}

/// Items for the list on top.
template <class Sink, class SaveItem>
void save_items(Sink& sink, std::size_t size, SaveItem save_item) {
  save_in_batches(sink, size, 2, save_item,
                  [&](std::size_t batch) { batch > 1 ? sink.appends() : sink.append(); });
}

/// Entries, key and value, for the dict on top.
template <class Sink, class SaveEntry>
void save_entries(Sink& sink, std::size_t size, SaveEntry save_entry) {
  save_in_batches(sink, size, 2, save_entry,
                  [&](std::size_t batch) { batch > 1 ? sink.setitems() : sink.setitem(); });
}

}  // namespace joblib::detail
