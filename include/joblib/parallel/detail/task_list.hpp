#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "joblib/parallel/detail/call.hpp"
#include "joblib/parallel/detail/result_batch.hpp"
#include "joblib/parallel/detail/wire.hpp"

namespace joblib::detail {

// A few tasks of different types, each run by `Run` and given as its type says: `Tasks` are
// references.
template <class Run, class... Tasks>
class TaskList final : public TaskSource {
 public:
  template <class Task>
  using ResultOf = std::decay_t<std::invoke_result_t<const Run&, const std::stop_token&, Task>>;
  using Results = std::tuple<std::optional<ResultOf<Tasks>>...>;

  // The results are put to `results`.
  TaskList(Results& results, Tasks... tasks) : given_{&results, {std::addressof(tasks)...}} {}

  std::optional<std::size_t> size() const override { return sizeof...(Tasks); }
  bool brings_results() const override { return false; }
  bool lazy() const override { return false; }
  Obstacles obstacles() const override {
    Obstacles found{};
    const auto note = [](const std::type_info*& place, const std::type_info* obstacle) {
      if (place == nullptr) place = obstacle;
    };
    (note(found.task, Wire<std::remove_cvref_t<Tasks>>::obstacle()), ...);
    (note(found.result, ResultWire<ResultOf<Tasks>>::obstacle()), ...);
    return found;
  }

  std::unique_ptr<Batch> draw(std::size_t max) override {
    const std::size_t count = std::min(max, sizeof...(Tasks) - drawn_);
    if (count == 0) return nullptr;
    drawn_ += count;
    return std::make_unique<ListBatch>(drawn_ - count, count, given_);
  }

 private:
  struct Given {
    Results* results;
    std::tuple<std::remove_reference_t<Tasks>*...> tasks;
  };

  // Calls `action` with the index as a constant.
  template <class Action>
  static void at(std::size_t index, Action action) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == index ? action(std::integral_constant<std::size_t, I>()) : void()), ...);
    }(std::index_sequence_for<Tasks...>());
  }
  template <std::size_t I>
  using TaskAt = std::tuple_element_t<I, std::tuple<Tasks...>>;
  template <std::size_t I>
  using WireAt = Wire<std::remove_cvref_t<TaskAt<I>>>;

  static constexpr bool tasks_are_sendable = (Wire<std::remove_cvref_t<Tasks>>::sendable && ...);
  static constexpr bool results_are_sendable = (ResultWire<ResultOf<Tasks>>::sendable && ...);

  class ListBatch : public Batch {
   public:
    ListBatch(std::size_t first, std::size_t size, const Given& given)
        : Batch(first, size), given_(given) {}

    void run(TaskMonitor& monitor) override {
      run_all(monitor, size_, [&](std::size_t i) {
        at(first_ + i, [&](auto place) {
          std::get<place>(*given_.results)
              .emplace(Run()(monitor.stop_token(),
                             static_cast<TaskAt<place>>(*std::get<place>(given_.tasks))));
        });
      });
    }

    BatchReader write_tasks(PickleWriter& writer) const override {
      if constexpr (tasks_are_sendable) {
        writer.empty_list();
        save_items(writer, size_, [&](std::size_t i) {
          at(first_ + i,
             [&](auto place) { WireAt<place>::write(writer, *std::get<place>(given_.tasks)); });
        });
        return [](Extraction& extraction, const Value& tasks,
                  std::size_t first) -> std::unique_ptr<Batch> {
          return std::make_unique<ReceivedBatch>(extraction, tasks, first);
        };
      } else {
        return nullptr;
      }
    }

    void write_results(PickleWriter& writer) const override {
      if constexpr (results_are_sendable) {
        writer.empty_list();
        std::size_t task = first_;
        try {
          save_items(writer, size_, [&](std::size_t i) {
            task = first_ + i;
            at(task, [&](auto place) { save(writer, *std::get<place>(*given_.results)); });
          });
        } catch (const Error& error) {
          throw ResultError(task, error);
        }
      }
    }

    void read_results(Extraction& extraction, const Value& value) override {
      if constexpr (results_are_sendable) {
        const std::span<const Value> items = parts_of(extraction, value, size_);
        for_each_item(size_, [&](std::size_t i) {
          at(first_ + i, [&](auto place) {
            std::get<place>(*given_.results)
                .emplace(extract<ResultOf<TaskAt<place>>>(extraction, items[i]));
          });
        });
      }
    }

   protected:
    Given given_;
  };

  // Has the tasks and the results itself.
  class ReceivedBatch final : public ListBatch {
   public:
    ReceivedBatch(Extraction& extraction, const Value& tasks, std::size_t first)
        : ListBatch(first, 0, Given{&results_, {}}) {
      const auto items = items_of_list(extraction, tasks);
      if (!items || first + items->size() > sizeof...(Tasks)) throw_mismatch("list", tasks);
      this->size_ = items->size();
      for_each_item(items->size(), [&](std::size_t i) {
        at(first + i, [&](auto place) {
          auto& kept = std::get<place>(kept_).emplace(WireAt<place>::read(extraction, (*items)[i]));
          std::get<place>(this->given_.tasks) =
              &std::get<place>(tasks_).emplace(WireAt<place>::give(kept));
        });
      });
    }

   private:
    std::tuple<std::optional<typename Wire<std::remove_cvref_t<Tasks>>::Kept>...> kept_;
    std::tuple<std::optional<std::remove_cvref_t<Tasks>>...> tasks_;
    Results results_;
  };

  Given given_;
  std::size_t drawn_ = 0;
};

}  // namespace joblib::detail
