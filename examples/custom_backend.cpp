// A backend of one's own: a fixed number of threads that carry a name, as debuggers and top show
// it. Threads that hold a device, a priority or a set of cores are made in the same way.

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <iostream>
#include <joblib/joblib.hpp>
#include <memory>
#include <mutex>
#include <ranges>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

using joblib::delayed, joblib::Parallel;

// [class]
class NamedThreads final : public joblib::ParallelBackend {
 public:
  // `name` has at most 15 characters.
  NamedThreads(const std::string& name, int threads) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, name](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), name.c_str());
        serve(stop);
      });
    }
  }

  std::string_view name() const override { return "NamedThreads"; }

  joblib::BackendTraits traits() const override {
    return {.supports_sharedmem = true,  // tasks run in this process ...
            .uses_threads = true,
            .supports_timeout = false,  // ... but Work may have to wait for a thread,
            .caller_works = false};     // and none but the named threads shall run it
  }

  void submit(joblib::Work work) override {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    work_arrived_.notify_one();
  }

  int effective_n_jobs(int n_jobs) const override {
    if (pool_of_this_thread == this) return 1;  // a task must not wait for its own thread
    const int all = static_cast<int>(threads_.size());
    return n_jobs > 0 ? std::min(n_jobs, all) : std::max(all + 1 + n_jobs, 1);
  }

  int default_n_jobs() const override { return -1; }

 private:
  void serve(const std::stop_token& stop) {
    pool_of_this_thread = this;
    std::unique_lock lock(mutex_);
    while (work_arrived_.wait(lock, stop, [this] { return !queue_.empty(); })) {
      const joblib::Work work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  static inline thread_local const NamedThreads* pool_of_this_thread = nullptr;

  std::mutex mutex_;
  std::condition_variable_any work_arrived_;
  std::deque<joblib::Work> queue_;     // guarded by mutex_
  std::vector<std::jthread> threads_;  // last, so that they are joined before the rest is destroyed
};
// [class]

// [factory]
std::shared_ptr<joblib::ParallelBackend> make_named_threads(const joblib::BackendOptions& options) {
  std::string name = "worker";
  std::int64_t threads = joblib::cpu_count();
  for (const auto& [option, value] : options) {
    if (option == "name") {
      name = std::get<std::string>(value);
    } else if (option == "threads") {
      threads = std::get<std::int64_t>(value);
    } else {
      throw joblib::Error(joblib::errc::invalid_argument,
                          "named_threads has no option '" + option + "', only name and threads");
    }
  }
  return std::make_shared<NamedThreads>(name, static_cast<int>(threads));
}
// [factory]

// [task]
std::string thread_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof(name));
  return name;
}
// [task]

void print(const std::vector<std::string>& names) {
  for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
    std::cout << "ran on " << name << '\n';
  }
}

int main() {
  auto tasks =
      std::views::iota(0, 100) | std::views::transform([](int) { return delayed(thread_name)(); });

  // [object]
  const auto backend = std::make_shared<NamedThreads>("painter", 3);
  print(Parallel({.backend = backend})(tasks));
  // [object]

  // [name]
  joblib::register_parallel_backend("named_threads", make_named_threads);
  {
    const joblib::parallel_config guard(
        {.backend = "named_threads", .backend_options = {{"name", "reader"}, {"threads", 2}}});
    print(Parallel()(tasks));
  }
  // [name]

  // [default]
  joblib::register_parallel_backend("named_threads", make_named_threads, {.make_default = true});
  print(Parallel()(tasks));
  // [default]
}
