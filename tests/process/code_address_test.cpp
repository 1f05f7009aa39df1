#include "joblib/process/code_address.hpp"

#include <cstdlib>
#include <stop_token>
#include <thread>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "joblib/core/error.hpp"
#include "joblib/process/detail/child_process.hpp"
#include "parallel/stress/sanitizers.hpp"

namespace {

using joblib::errc;
using joblib::detail::code_address_of;
using joblib::detail::CodeAddress;
using joblib::detail::function_at;

int twice(int x) { return 2 * x; }

const void* address_of(auto* function) { return reinterpret_cast<const void*>(function); }

template <class Action>
errc code_of_error(Action action) {
  try {
    action();
  } catch (const joblib::Error& error) {
    return error.code();
  }
  return {};
}

}  // namespace

TEST_CASE("A function of the program is found at its address") {
  const CodeAddress address = code_address_of(address_of(&twice));
  CHECK(address.module == joblib::detail::program_build_id());
  CHECK(address.module.size() >= 16);
  REQUIRE(function_at(address) == address_of(&twice));
  CHECK(reinterpret_cast<int (*)(int)>(const_cast<void*>(function_at(address)))(21) == 42);
}

TEST_CASE("A function of a shared library is found at its address") {
  const void* const function = address_of(static_cast<int (*)(int)>(&std::abs));
  CHECK(function_at(code_address_of(function)) == function);
}

TEST_CASE("What is no function has no address for other processes") {
  static int data = 1;
  int on_the_stack = 1;
  CHECK(code_of_error([&] { code_address_of(&data); }) == errc::invalid_argument);
  CHECK(code_of_error([&] { code_address_of(&on_the_stack); }) == errc::invalid_argument);
  CHECK(code_of_error([] { code_address_of(nullptr); }) == errc::invalid_argument);
}

TEST_CASE("Addresses of modules that are not loaded or that are no code are refused") {
  CodeAddress address = code_address_of(address_of(&twice));
  for (const std::uint64_t offset : {std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    address.offset = offset;
    CHECK(code_of_error([&] { function_at(address); }) == errc::corrupt_data);
  }
  CHECK(code_of_error([] { function_at({"0123456789", 0}); }) == errc::not_found);
  CHECK(code_of_error([] { function_at({"", 0}); }) == errc::not_found);
}

TEST_CASE("The child of a fork finds functions, whatever threads of its parent look for") {
  if (joblib::test::address_sanitizer) return;  // the child may find the allocator locked
  const auto look = [] { return function_at(code_address_of(address_of(&twice))); };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) look();
    });
  }
  bool all_found = true;
  for (int i = 0; i < 100 && all_found; ++i) {
    const int id = ::fork();
    if (id == 0) {
      ::alarm(20);
      ::_exit(look() == address_of(&twice) ? 0 : 1);
    }
    all_found = joblib::detail::ChildProcess(id).wait() == "EXIT(0)";
  }
  CHECK(all_found);
}
