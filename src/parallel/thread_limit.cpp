#include "thread_limit.hpp"

#include <dlfcn.h>

#include <mutex>

#include "joblib/core/detail/fork_safe_mutex.hpp"

namespace joblib::detail {
namespace {

template <class Function>
Function* loaded_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// The process-wide limit of OpenBLAS and how many objects hold it.
class OpenBlasLimit {
 public:
  // The functions are looked up first: the loader's lock, which who loads a library may hold while
  // that makes fork-safe mutexes, comes before this one.
  void hold(int threads) {
    auto* get = loaded_function<int()>("openblas_get_num_threads");
    auto* set = loaded_function<void(int)>("openblas_set_num_threads");
    const std::lock_guard lock(mutex_);
    if (holders_++ > 0 || get == nullptr || set == nullptr) return;
    before_ = get();
    set(threads);
  }

  void release() {
    auto* set = loaded_function<void(int)>("openblas_set_num_threads");
    const std::lock_guard lock(mutex_);
    if (--holders_ > 0 || before_ == 0) return;
    set(before_);
    before_ = 0;
  }

 private:
  ForkSafeMutex mutex_;
  int holders_ = 0;
  int before_ = 0;
};

OpenBlasLimit& open_blas() {
  static auto& limit = *new OpenBlasLimit;  // never destroyed
  return limit;
}

[[maybe_unused]] const auto& open_blas_made_at_load = open_blas();

}  // namespace

ThreadLimit::ThreadLimit(std::optional<int> threads) : limited_(threads.has_value()) {
  if (!limited_) return;
  auto* get_openmp = loaded_function<int()>("omp_get_max_threads");
  auto* set_openmp = loaded_function<void(int)>("omp_set_num_threads");
  if (get_openmp != nullptr && set_openmp != nullptr) {
    openmp_before_ = get_openmp();
    set_openmp(*threads);
  }
  if (auto* set_mkl = loaded_function<int(int)>("MKL_Set_Num_Threads_Local"))
    mkl_before_ = set_mkl(*threads);
  open_blas().hold(*threads);
}

ThreadLimit::~ThreadLimit() {
  if (!limited_) return;
  if (openmp_before_ > 0) loaded_function<void(int)>("omp_set_num_threads")(openmp_before_);
  // 0 gives the thread back to MKL's global setting.
  if (auto* set_mkl = loaded_function<int(int)>("MKL_Set_Num_Threads_Local")) set_mkl(mkl_before_);
  open_blas().release();
}

}  // namespace joblib::detail
