#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace joblib {

namespace detail {

// The number of tasks of enclosing calls that share the machine with this thread's code; 1 outside.
int& core_share() noexcept;

// The cores that calls of this thread may use: cpu_count() divided by core_share(), at least 1.
int available_cores();

// One backend worker's share of a call. Destroyed unrun, it tells the call that the worker won't
// come.
class Ticket {
 public:
  virtual ~Ticket() = default;
  virtual void run() noexcept = 0;
};

}  // namespace detail

/// What a call asks a backend to run: a claim on the call's tasks, not a single task. Calling it
/// runs tasks until there are none to start, so that a long run of small tasks costs the backend
/// one submission per worker. Copyable, to fit std::function; only the first call of all copies
/// does something. It may run late, even after the call has ended (it does nothing then), and never
/// throws.
class Work {
 public:
  explicit Work(std::shared_ptr<detail::Ticket> ticket) : ticket_(std::move(ticket)) {}

  void operator()() const noexcept { ticket_->run(); }

 private:
  std::shared_ptr<detail::Ticket> ticket_;
};

/// What `Parallel` must know of a backend before it uses it.
struct BackendTraits {
  bool supports_sharedmem = true;  ///< tasks see the caller's objects
  bool uses_threads = true;        ///< tasks run in this process
  /// Every submitted Work starts even while all workers started before are blocked: without this
  /// promise a timeout could not be watched, and is ignored with a warning.
  bool supports_timeout = false;
  bool caller_works = false;  ///< the calling thread may run tasks itself while it waits
};

/// Runs the tasks of `Parallel`. Derive from it to run them somewhere else; see
/// docs/custom-backends.md. One object may serve several calls at the same time, from several
/// threads.
class ParallelBackend {
 public:
  virtual ~ParallelBackend() = default;

  /// The name in messages, e.g. "ThreadingBackend".
  virtual std::string_view name() const = 0;

  virtual BackendTraits traits() const { return {}; }

  /// Runs `work()` once on a worker, now or later, at the same time as any other Work. Work that
  /// can't be run is destroyed, or an exception is thrown: the call then fails with a clear error.
  virtual void submit(Work work) = 0;

  /// The number of tasks that run at once for `n_jobs` (never 0). The default is joblib's rule: a
  /// positive n_jobs is literal, -1 means all cores, -2 all but one; inside of a task "all" is the
  /// task's share. A result of 0 makes the call fail for want of workers, 1 makes it run in the
  /// calling thread.
  virtual int effective_n_jobs(int n_jobs) const;

  /// n_jobs of a call where nobody gave one.
  virtual int default_n_jobs() const { return 1; }

  /// Around each call that has more than one job. A start_call that throws fails the call.
  virtual void start_call(int /*n_jobs*/) {}
  virtual void stop_call() noexcept {}

  /// The backend of calls made inside a task; `level` is 1 inside a task of an outermost call.
  /// The default is joblib's rule: threads at level 1, sequential below.
  virtual std::shared_ptr<ParallelBackend> nested_backend(int level) const;
};

/// A value of `backend_options`.
using BackendOption = std::variant<bool, std::int64_t, double, std::string,
                                   std::vector<std::string>, std::function<void()>>;

/// Options of one backend by name, e.g. {{"addresses", std::vector<std::string>{...}}}.
using BackendOptions = std::map<std::string, BackendOption, std::less<>>;

/// Makes a backend. An option that the backend doesn't know must be an Error.
using BackendFactory = std::function<std::shared_ptr<ParallelBackend>(const BackendOptions&)>;

struct BackendRegistration {
  bool make_default = false;  ///< also use it where no backend is named
  bool force = false;         ///< needed to replace a built-in backend
};

/// Adds a backend under `name`, or replaces an added one; names of built-in backends
/// ("sequential", "threading", "multiprocessing") are an Error unless forced. Thread-safe.
void register_parallel_backend(std::string name, BackendFactory factory,
                               BackendRegistration registration = {});

/// A backend by name, or the object itself; empty where none was chosen.
class BackendRef {
 public:
  BackendRef() = default;
  BackendRef(const char* name) : value_(std::string(name)) {}
  BackendRef(std::string name) : value_(std::move(name)) {}
  BackendRef(std::string_view name) : value_(std::string(name)) {}
  template <std::derived_from<ParallelBackend> Backend>
  BackendRef(std::shared_ptr<Backend> backend)
      : value_(std::shared_ptr<ParallelBackend>(std::move(backend))) {}

  bool has_value() const noexcept { return value_.index() != 0; }

  /// The backend itself. Throws Error for an empty reference, an unknown name, a null pointer, or
  /// options given to an object that exists already.
  std::shared_ptr<ParallelBackend> resolve(const BackendOptions& options) const;

 private:
  std::variant<std::monostate, std::string, std::shared_ptr<ParallelBackend>> value_;
};

/// The name of the backend used where none is chosen: "threading" until another is registered as
/// default.
std::string default_parallel_backend();

}  // namespace joblib
