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
#include "joblib/parallel/detail/result_batch.hpp"
#include "joblib/parallel/detail/wire.hpp"

namespace joblib::detail {

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
  using Element = std::ranges::range_value_t<View>;
  static constexpr Access access = Traits::access;

 public:
  using Result =
      std::decay_t<std::invoke_result_t<const Function&, const std::stop_token&, Argument>>;
  static constexpr bool places_results = access == Access::by_index && is_placeable<Result>;
  static constexpr bool moves_places = places_results && is_picklable<Result>();

  RangeSource(View view, Function function)
      : view_(std::move(view)), function_(std::move(function)) {}

  std::optional<std::size_t> size() const override { return size_; }
  bool brings_results() const override {
    if constexpr (places_results) return places_ == nullptr;
    return !std::is_void_v<Result>;
  }
  bool lazy() const override { return access != Access::by_index; }
  Obstacles obstacles() const override {
    const std::type_info* const function = Wire<Function>::obstacle();
    return {.task = function != nullptr ? function : Wire<Element>::obstacle(),
            .result = ResultWire<Result>::obstacle()};
  }

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
      const auto begin = this->begin();
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

    BatchReader write_tasks(PickleWriter& writer) const override {
      return RangeSource::write_tasks(
          writer, source_.function_, this->size_,
          [begin = begin()](std::size_t i) -> decltype(auto) {
            return begin[static_cast<std::ranges::range_difference_t<View>>(i)];
          });
    }

    void write_results(PickleWriter& writer) const override {
      if constexpr (moves_places) {
        if (Result* const places = source_.places_) {
          const std::span<const Result> placed(places + this->first_, this->size_);
          return detail::write_results<Result>(writer, placed, this->first_);
        }
      }
      ResultBatch<Result>::write_results(writer);
    }

    void read_results(Extraction& extraction, const Value& value) override {
      ResultBatch<Result>::read_results(extraction, value);
      if constexpr (moves_places) {
        if (Result* const places = source_.places_)
          std::ranges::copy(this->results, places + this->first_);
      }
    }

   private:
    auto begin() const {
      return std::ranges::begin(source_.view_) +
             static_cast<std::ranges::range_difference_t<View>>(this->first_);
    }

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

    BatchReader write_tasks(PickleWriter& writer) const override {
      return RangeSource::write_tasks(writer, function_, this->size_,
                                      [&](std::size_t i) -> decltype(auto) {
                                        if constexpr (access == Access::by_pointer) {
                                          return std::as_const(*elements_[i]);
                                        } else {
                                          return std::as_const(elements_[i]);
                                        }
                                      });
    }

    void read_results(Extraction& extraction, const Value& value) override {
      ResultBatch<Result>::read_results(extraction, value);
      elements_ = decltype(elements_)();
    }

   private:
    const Function& function_;
    Results<typename Traits::Stored> elements_;
  };

  // Tasks that were sent here; `function` as well.
  class ReceivedBatch : public ResultBatch<Result> {
   public:
    ReceivedBatch(Extraction& extraction, const Value& function, const Value& elements,
                  std::size_t first)
        : ResultBatch<Result>(first, 0),
          kept_(Wire<Function>::read(extraction, function)),
          function_(Wire<Function>::give(kept_)),
          elements_(extraction, elements) {
      this->size_ = elements_.size();
    }

    void run(TaskMonitor& monitor) override {
      run_and_keep(monitor, *this, [&](std::size_t i) -> decltype(auto) {
        return std::as_const(function_)(monitor.stop_token(), static_cast<Argument>(elements_[i]));
      });
    }
    BatchReader write_tasks(PickleWriter& /*writer*/) const override { return nullptr; }

   private:
    typename Wire<Function>::Kept kept_;
    Function function_;
    ReceivedElements<Element> elements_;
  };

  static std::unique_ptr<Batch> read_tasks(Extraction& extraction, const Value& tasks,
                                           std::size_t first) {
    const std::span<const Value> parts = parts_of(extraction, tasks, 2);
    return std::make_unique<ReceivedBatch>(extraction, parts[0], parts[1], first);
  }

  // `get(i)` for i = 0 .. count - 1 are the elements.
  template <class Get>
  static BatchReader write_tasks(PickleWriter& writer, const Function& function, std::size_t count,
                                 Get get) {
    if constexpr (Wire<Function>::sendable && Wire<Element>::sendable) {
      writer.begin_tuple(2);
      Wire<Function>::write(writer, function);
      write_elements<Element>(writer, count, get);
      writer.end_tuple(2);
      return &read_tasks;
    } else {
      return nullptr;
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
