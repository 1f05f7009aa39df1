#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <ranges>
#include <span>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "joblib/parallel/delayed.hpp"
#include "joblib/process/detail/wire.hpp"

namespace joblib::detail {

template <class Function, class... Args>
struct Wire<Task<Function, Args...>> {
  static constexpr bool sendable = Wire<Function>::sendable && (Wire<Args>::sendable && ...);
  using Kept = std::tuple<typename Wire<Function>::Kept, typename Wire<Args>::Kept...>;

  static const std::type_info* obstacle() {
    const std::type_info* found = Wire<Function>::obstacle();
    ((found = found == nullptr ? Wire<Args>::obstacle() : found), ...);
    return found;
  }
  static void write(PickleWriter& writer, const Task<Function, Args...>& task) {
    writer.begin_tuple(1 + sizeof...(Args));
    Wire<Function>::write(writer, task.function());
    std::apply([&](const Args&... args) { (Wire<Args>::write(writer, args), ...); }, task.args());
    writer.end_tuple(1 + sizeof...(Args));
  }
  static Kept read(Extraction& extraction, const Value& value) {
    const std::span<const Value> parts = parts_of(extraction, value, 1 + sizeof...(Args));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Kept{Wire<Function>::read(extraction, parts[0]),
                  Wire<Args>::read(extraction, parts[1 + I])...};
    }(std::index_sequence_for<Args...>());
  }
  static Task<Function, Args...> give(Kept& kept) {
    return std::apply(
        [](auto& function, auto&... args) {
          return Task<Function, Args...>(Wire<Function>::give(function), std::in_place,
                                         Wire<Args>::give(args)...);
        },
        kept);
  }
};

// Numbers that are the same after they have been in a list.
template <class T>
concept Listable = std::same_as<T, double> || std::same_as<T, int> || std::same_as<T, unsigned> ||
                   std::same_as<T, long> || std::same_as<T, unsigned long> ||
                   std::same_as<T, long long> || std::same_as<T, unsigned long long>;

// Numbers are one array, or, since that is faster for a few, a list.
template <class Row>
void write_numbers(PickleWriter& writer, const Row& row) {
  constexpr std::size_t most_listed = 8;
  if constexpr (Listable<std::ranges::range_value_t<Row>>) {
    const std::size_t count = std::ranges::size(row);
    if (count <= most_listed) {
      writer.empty_list();
      save_items(writer, count, [&](std::size_t i) { save(writer, row[i]); });
      return;
    }
  }
  save(writer, row);
}

// Elements of the range of a call.
template <class T, class Get>
void write_elements(PickleWriter& writer, std::size_t count, Get get) {
  if constexpr (ArrayElement<T>) {
    std::vector<T> elements;
    elements.reserve(count);
    for (std::size_t i = 0; i < count; ++i) elements.push_back(get(i));
    write_numbers(writer, elements);
  } else {
    writer.empty_list();
    save_items(writer, count, [&](std::size_t i) { Wire<T>::write(writer, get(i)); });
  }
}

template <class T>
class ReceivedElements {
 public:
  ReceivedElements(Extraction& extraction, const Value& value) {
    if constexpr (ArrayElement<T>) {
      elements_ = extract<decltype(elements_)>(extraction, value);
    } else {
      const auto items = items_of_list(extraction, value);
      if (!items) throw_mismatch("list", value);
      for_each_item(items->size(), [&](std::size_t i) {
        elements_.push_back(
            Wire<T>::give(kept_.emplace_back(Wire<T>::read(extraction, (*items)[i]))));
      });
    }
  }

  std::size_t size() const noexcept { return elements_.size(); }
  T& operator[](std::size_t i) { return elements_[i]; }

 private:
  std::deque<typename Wire<T>::Kept> kept_ = {};
  std::conditional_t<std::is_same_v<T, bool>, std::deque<bool>, std::vector<T>> elements_ = {};
};

}  // namespace joblib::detail

namespace joblib {

/// Whether a task, or the function of a map, can be sent to another process: the function is one
/// of plain functions, stateless callables, member functions and callables with a pickler; what it
/// has captured as arguments, and what a task returns, can be pickled and read back. std::cref
/// counts by what it refers to, which is sent by value; std::ref can't be sent, as changes would be
/// lost.
template <class T>
inline constexpr bool sendable = detail::Wire<T>::sendable;
template <class Function, class... Args>
inline constexpr bool sendable<Task<Function, Args...>> = [] {
  using Result = std::decay_t<decltype(std::declval<Task<Function, Args...>>()(std::stop_token()))>;
  return detail::Wire<Task<Function, Args...>>::sendable &&
         (std::is_void_v<Result> || detail::is_picklable<Result>());
}();

}  // namespace joblib
