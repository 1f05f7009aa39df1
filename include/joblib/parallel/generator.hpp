#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "joblib/parallel/detail/source.hpp"

namespace joblib {

/// The results of a call as a single-pass input range, read while tasks are still running. Reading
/// waits for the next result and throws the call's first error; the range has ended after that. At
/// most `pre_dispatch` batches are drawn but not read, and automatic batches grow with what has
/// been read. Leaving the loop and destroying the range cancels the call: tasks that have not begun
/// are dropped, running ones are waited for. Read it from one thread at a time.
template <class R>
class Generator {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = R;
    using difference_type = std::ptrdiff_t;

    R&& operator*() const { return std::move(generator_->batch_->results[generator_->position_]); }
    Iterator& operator++() {
      generator_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept {
      return generator_->batch_ == nullptr;
    }

   private:
    friend class Generator;
    explicit Iterator(Generator& generator) : generator_(&generator) {}
    Generator* generator_;
  };

  explicit Generator(std::unique_ptr<detail::Call> call) : call_(std::move(call)) {}

  /// Waits for the first result; call it once.
  Iterator begin() {
    if (batch_ == nullptr) fetch();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() {
    if (++position_ == batch_->results.size()) fetch();
  }

  void fetch() {
    batch_.reset();
    position_ = 0;
    batch_.reset(static_cast<detail::ResultBatch<R>*>(call_->next().release()));
  }

  std::unique_ptr<detail::Call> call_;
  std::unique_ptr<detail::ResultBatch<R>> batch_ = {};
  std::size_t position_ = 0;
};

}  // namespace joblib
