#include "joblib/process/detail/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "joblib/core/error.hpp"
#include "joblib/io/detail/posix.hpp"
#include "process/children.hpp"

using joblib::detail::ChildProcess;

namespace {

int paused_child() {
  const int id = ::fork();
  if (id == 0) {
    for (;;) ::pause();
  }
  return id;
}

}  // namespace

TEST_CASE("A child ends with its owner, also after that has moved") {
  {
    ChildProcess child(paused_child());
    CHECK_FALSE(child.has_ended());
    ChildProcess other;
    other = std::move(child);
    CHECK_FALSE(other.has_ended());
  }
  CHECK(joblib::test::children().empty());
}

TEST_CASE("A child that somebody else has waited for has ended, nobody knows how") {
  const int id = ::fork();
  if (id == 0) ::_exit(3);
  REQUIRE(::waitpid(id, nullptr, 0) == id);
  ChildProcess child(id);
  CHECK(child.has_ended());
  child.kill();
  CHECK(child.wait() == "UNKNOWN(255)");
}

TEST_CASE("A child that can't be watched ends at once") {
  // UBSan opens files when it first checks the type of an error's category.
  CHECK_THROWS_AS(joblib::detail::throw_io_error("watch", "nobody", EMFILE), joblib::Error);
  const int id = paused_child();
  rlimit files = {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = files.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  bool refused = false;
  try {
    const ChildProcess child(id);
  } catch (const joblib::Error&) {
    refused = true;
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  CHECK(refused);
  CHECK(joblib::test::children().empty());
}
