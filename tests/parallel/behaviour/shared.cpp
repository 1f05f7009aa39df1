#include "parallel/behaviour/shared.hpp"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace joblib::test {
namespace {

constexpr const char* variable = "JOBLIB_TEST_SHARED";  // the path of the memory, for workers

// std::atomic's own wait() is for the threads of one process.
void futex(const std::atomic<int>& word, int operation, int value) {
  static_assert(sizeof(word) == sizeof(int) && std::atomic<int>::is_always_lock_free);
  ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

int open_memory() {
  if (const char* const path = std::getenv(variable)) return ::open(path, O_RDWR | O_CLOEXEC);
  const int file = ::memfd_create("joblib-test", MFD_CLOEXEC);
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file);
  ::setenv(variable, path.c_str(), 1);
  return ::ftruncate(file, sizeof(Shared)) == 0 ? file : -1;
}

void* map_memory() {
  const int file = open_memory();
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), variable);
  return memory;
}

// Before there are any workers.
[[maybe_unused]] const Shared& mapped_at_start = shared();

}  // namespace

int SharedCounter::operator++() {
  const int value = value_.fetch_add(1) + 1;
  futex(value_, FUTEX_WAKE, INT_MAX);
  return value;
}

void SharedCounter::wait_for(int value) const {
  for (int now = value_; now < value; now = value_) futex(value_, FUTEX_WAIT, now);
}

Shared& shared() {
  static Shared& memory = *std::launder(static_cast<Shared*>(map_memory()));
  return memory;
}

Shared& fresh_shared() { return *new (&shared()) Shared(); }

}  // namespace joblib::test
