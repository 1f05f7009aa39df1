#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "joblib/parallel/detail/call.hpp"

namespace joblib::detail {

// Results of one batch, as real objects: never packed bits.
template <class R>
using Results = std::conditional_t<std::is_same_v<R, bool>, std::deque<bool>, std::vector<R>>;

template <class R>
class ResultBatch : public Batch {
 public:
  using Batch::Batch;
  Results<R> results;
};

template <>
class ResultBatch<void> : public Batch {
 public:
  using Batch::Batch;
};

template <class Range>
inline constexpr bool is_iota_of_integers = false;
template <std::integral Value, std::integral Bound>
inline constexpr bool is_iota_of_integers<std::ranges::iota_view<Value, Bound>> = true;

// How elements get from the range to the tasks.
enum class Access {
  by_index,    // workers read the range themselves: reading runs no code of the user
  by_pointer,  // elements stay where they are; only the range's iterator is advanced by one at a
               // time
  by_value,    // elements are moved or copied out of the range
};

// `Owned`: the elements belong to the call and may be consumed.
template <class View, bool Owned>
struct Elements {
  using Iterator = std::ranges::iterator_t<View>;
  using Reference = std::ranges::range_reference_t<View>;
  static constexpr bool is_lvalue = std::is_lvalue_reference_v<Reference>;

  static constexpr Access access =
      (std::ranges::contiguous_range<View> ||
       is_iota_of_integers<std::remove_cvref_t<View>>)&&std::ranges::sized_range<View>
          ? Access::by_index
      : std::ranges::forward_range<View> && is_lvalue ? Access::by_pointer
                                                      : Access::by_value;

  // What a task receives.
  using Argument = std::conditional_t<
      access == Access::by_value, std::ranges::range_value_t<View>&&,
      std::conditional_t<Owned && is_lvalue, std::remove_reference_t<Reference>&&, Reference>>;
  // What a batch keeps of an element that it can't find by its index.
  using Stored =
      std::conditional_t<access == Access::by_pointer, std::remove_reference_t<Reference>*,
                         std::ranges::range_value_t<View>>;
};

// Results that workers can write to their places in one array.
template <class R>
inline constexpr bool is_placeable = std::is_trivially_copyable_v<R> &&
                                     std::is_default_constructible_v<R> && !std::is_same_v<R, bool>;
template <>
inline constexpr bool is_placeable<void> = false;

// Draws batches from a range; each task is `function(stop_token, element)`.
template <class View, bool Owned, class Function>
class RangeSource : public TaskSource {
  using Traits = Elements<View, Owned>;
  using Argument = typename Traits::Argument;
  static constexpr Access access = Traits::access;

 public:
  using Result =
      std::decay_t<std::invoke_result_t<const Function&, const std::stop_token&, Argument>>;
  static constexpr bool places_results = access == Access::by_index && is_placeable<Result>;

  RangeSource(View view, Function function)
      : view_(std::move(view)), function_(std::move(function)) {}

  std::optional<std::size_t> size() const override { return size_; }
  bool brings_results() const override {
    if constexpr (places_results) return places_ == nullptr;
    return !std::is_void_v<Result>;
  }
  bool lazy() const override { return access != Access::by_index; }

  // Lets the workers write all results to `places`, size() elements, in place of the batches' own.
  void place_results(Result* places)
    requires places_results
  {
    places_ = places;
  }

  std::unique_ptr<Batch> draw(std::size_t max) override {
    if constexpr (access == Access::by_index) {
      const std::size_t count = std::min(max, *size_ - drawn_);
      if (count == 0) return nullptr;
      auto batch = std::make_unique<IndexedBatch>(drawn_, count, *this);
      drawn_ += count;
      return batch;
    } else {
      auto batch = std::make_unique<StoredBatch>(drawn_, function_);
      while (batch->size() < max && advance()) batch->store(**iterator_);
      drawn_ += batch->size();
      if (batch->size() == 0) return nullptr;
      return batch;
    }
  }

 private:
  class IndexedBatch : public ResultBatch<Result> {
   public:
    IndexedBatch(std::size_t first, std::size_t count, RangeSource& source)
        : ResultBatch<Result>(first, count), source_(source) {}

    void run(TaskMonitor& monitor) override {
      const auto begin = std::ranges::begin(source_.view_) +
                         static_cast<std::ranges::range_difference_t<View>>(this->first_);
      auto run_one = [&](std::size_t i) -> decltype(auto) {
        return std::as_const(source_.function_)(
            monitor.stop_token(),
            static_cast<Argument>(begin[static_cast<std::ranges::range_difference_t<View>>(i)]));
      };
      if constexpr (places_results) {
        if (Result* const places = source_.places_) {
          run_all(monitor, this->size_,
                  [&, first = this->first_](std::size_t i) { places[first + i] = run_one(i); });
          return;
        }
      }
      run_and_keep(monitor, *this, run_one);
    }

   private:
    RangeSource& source_;
  };

  class StoredBatch : public ResultBatch<Result> {
   public:
    StoredBatch(std::size_t first, const Function& function)
        : ResultBatch<Result>(first, 0), function_(function) {}

    template <class Element>
    void store(Element&& element) {
      if constexpr (access == Access::by_pointer) {
        elements_.push_back(std::addressof(element));
      } else if constexpr (std::constructible_from<typename Traits::Stored, Element>) {
        elements_.emplace_back(std::forward<Element>(element));
      } else {  // an input range that yields references to move-only elements
        elements_.emplace_back(static_cast<std::remove_reference_t<Element>&&>(element));
      }
      ++this->size_;
    }

    void run(TaskMonitor& monitor) override {
      run_and_keep(monitor, *this, [&](std::size_t i) -> decltype(auto) {
        if constexpr (access == Access::by_pointer) {
          return function_(monitor.stop_token(), static_cast<Argument>(*elements_[i]));
        } else {
          return function_(monitor.stop_token(), static_cast<Argument>(elements_[i]));
        }
      });
      elements_ = decltype(elements_)();  // tasks do not outlive their run
    }

   private:
    const Function& function_;
    Results<typename Traits::Stored> elements_;
  };

  // Runs `run_one(i)` for i = 0 .. count - 1, or fewer if the batch is abandoned.
  template <class RunOne>
  static void run_all(TaskMonitor& monitor, std::size_t count, RunOne run_one) {
    const std::size_t stride = monitor.stride();
    for (std::size_t i = 0; i < count;) {
      if (!monitor.begin_task()) return;
      for (const std::size_t end = std::min(i + stride, count); i < end; ++i) run_one(i);
    }
  }

  template <class RunOne>
  static void run_and_keep(TaskMonitor& monitor, ResultBatch<Result>& batch, RunOne run_one) {
    if constexpr (std::is_void_v<Result>) {
      run_all(monitor, batch.size(), run_one);
    } else {
      if constexpr (requires { batch.results.reserve(batch.size()); })
        batch.results.reserve(batch.size());
      run_all(monitor, batch.size(),
              [&](std::size_t i) { batch.results.emplace_back(run_one(i)); });
    }
  }

  // Moves to the next element; false at the end. The iterator is advanced only when the next
  // element is asked for, so that a lazy range never computes ahead.
  bool advance() {
    if (iterator_) {
      ++*iterator_;
    } else {
      iterator_.emplace(std::ranges::begin(view_));
    }
    return *iterator_ != std::ranges::end(view_);
  }

  static std::optional<std::size_t> size_of(View& view) {
    if constexpr (std::ranges::sized_range<View>) {
      return static_cast<std::size_t>(std::ranges::size(view));
    } else {
      return std::nullopt;
    }
  }

  struct Nothing {};

  View view_;
  Function function_;
  std::optional<std::size_t> size_ = size_of(view_);
  std::size_t drawn_ = 0;
  std::optional<typename Traits::Iterator> iterator_ = {};
  [[no_unique_address]] std::conditional_t<places_results, Result*, Nothing> places_ = {};
};

// A container given as an rvalue: its elements may be consumed. Views and other handles, through
// which somebody else's elements are seen, don't hand their own constness on to the elements.
template <class Range>
inline constexpr bool owns_elements = false;
template <class Range>
  requires(!std::is_reference_v<Range> && !std::ranges::view<Range> &&
           std::ranges::range<const Range>)
inline constexpr bool owns_elements<Range> =
    std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<const Range>>>;

// A source over `range`, which the source owns if it is an rvalue and which must outlive it if not.
template <class Range, class Function>
auto make_source(Range&& range, Function function) {
  using View = std::views::all_t<Range>;
  return std::make_unique<RangeSource<View, owns_elements<Range>, Function>>(
      std::views::all(std::forward<Range>(range)), std::move(function));
}

}  // namespace joblib::detail
