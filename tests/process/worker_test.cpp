#include "joblib/process/worker.hpp"

#include <csignal>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "catch.hpp"
#include "core/environment_guard.hpp"
#include "core/file_tree.hpp"
#include "obey.hpp"
#include "store/child.hpp"

namespace {

using joblib::bytes;
using joblib::detail::FileDescriptor;
using joblib::detail::Message;
using joblib::detail::WorkerProcess;
using joblib::test::EnvironmentGuard;
using joblib::test::obey;
using joblib::test::open_descriptors;

std::string answer(WorkerProcess& worker, const char* request) {
  return std::string(worker.call({.payload = bytes(request)}, {}).payload.view());
}

std::string error_of(const char* request) {
  WorkerProcess worker(&obey, {});
  try {
    answer(worker, request);
  } catch (const joblib::TerminatedWorkerError& error) {
    CHECK_FALSE(worker.is_alive());
    return error.what();
  }
  return {};
}

const joblib::errc error_before_main = [] {
  try {
    WorkerProcess worker(&obey, {});
  } catch (const joblib::Error& error) {
    return error.code();
  }
  return joblib::errc{};
}();

}  // namespace

TEST_CASE("A worker is another process that answers many requests") {
  WorkerProcess worker(&obey, {});
  CHECK(answer(worker, "id") == std::to_string(worker.id()));
  CHECK(worker.id() != ::getpid());
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    REQUIRE(answer(worker, text.c_str()) == text);
  }
  CHECK(worker.call({}, {}).payload.empty());
  CHECK(worker.is_alive());
}

TEST_CASE("Files go both ways and are closed when they are not wanted any more") {
  WorkerProcess worker(&obey, {});
  const std::string descriptors = answer(worker, "descriptors");
  const std::ptrdiff_t before = open_descriptors();
  for (const std::size_t count : {1u, 250u}) {
    Message request{.payload = bytes("echo")};
    for (std::size_t i = 0; i < count; ++i) {
      request.files.push_back(
          std::make_shared<FileDescriptor>(::memfd_create("file", MFD_CLOEXEC)));
      const std::string text = std::to_string(i);
      REQUIRE(::write(request.files.back()->get(), text.data(), text.size()) > 0);
    }
    const Message reply = worker.call(request, {});
    REQUIRE(reply.files.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      std::string text(std::to_string(i).size(), ' ');
      REQUIRE(::pread(reply.files[i]->get(), text.data(), text.size(), 0) == std::ssize(text));
      REQUIRE(text == std::to_string(i));
    }
    CHECK(::fcntl(reply.files[0]->get(), F_GETFD) == FD_CLOEXEC);
  }
  CHECK(answer(worker, "descriptors") == descriptors);
  CHECK(open_descriptors() == before);
}

TEST_CASE("A worker that can't open the files of a request ends") {
  WorkerProcess worker(&obey, {});
  CHECK(answer(worker, "few files") == "few files");
  Message request{.payload = bytes("echo")};
  request.files.assign(100, std::make_shared<FileDescriptor>(::memfd_create("file", MFD_CLOEXEC)));
  CHECK_THROWS_AS(worker.call(request, {}), joblib::TerminatedWorkerError);
}

TEST_CASE("Large payloads go both ways") {
  WorkerProcess worker(&obey, {});
  for (const std::size_t size : {4080u, 4081u, 1u << 18, (1u << 18) + 1u, 64u << 20}) {
    Message request{.payload = bytes(size)};
    for (std::size_t i = 0; i < size; i += 997)
      request.payload[i] = static_cast<std::byte>(i / 997);
    REQUIRE(worker.call(request, {}).payload == request.payload);
  }
}

TEST_CASE("The death of a worker is reported with its signal or exit code") {
  const auto dies_as = [](const char* request, const char* exit_code) {
    const std::string error = error_of(request);
    CAPTURE(error);
    CHECK(error.starts_with("A worker process managed by the executor was unexpectedly term"));
    CHECK(error.ends_with(std::string("The exit codes of the workers are {") + exit_code + "}"));
  };
  dies_as("segfault", "SIGSEGV(-11)");
  dies_as("abort", "SIGABRT(-6)");
  dies_as("kill", "SIGKILL(-9)");
  dies_as("exit", "EXIT(3)");
  dies_as("fork and die", "SIGKILL(-9)");
}

TEST_CASE("An Error of the handler reaches the caller and leaves the worker alive") {
  WorkerProcess worker(&obey, {});
  try {
    answer(worker, "error");
    FAIL("no error");
  } catch (const joblib::Error& error) {
    CHECK(error.code() == joblib::errc::not_found);
    CHECK(std::string(error.what()) == "there is none");
  }
  CHECK(answer(worker, "again") == "again");
}

TEST_CASE("A stop request ends a worker that hangs") {
  const joblib::test::FileTree folder;
  const auto started = folder.root() / "started";
  WorkerProcess worker(&obey, {});
  const joblib::test::Watched process(worker.id());
  std::stop_source stop;
  bool cancelled = false;
  std::thread caller([&] {
    try {
      worker.call({.payload = bytes("hang " + started.string())}, stop.get_token());
    } catch (const joblib::Cancelled&) {
      cancelled = true;
    }
  });
  joblib::test::wait_for(started);
  SECTION("while it runs") {}
  SECTION("while it is stopped by a signal") { ::kill(worker.id(), SIGSTOP); }
  stop.request_stop();
  caller.join();
  CHECK(cancelled);
  CHECK(process.ends());
  CHECK_FALSE(worker.is_alive());
}

TEST_CASE("A worker dies with its parent, even while it runs a task") {
  const joblib::test::FileTree folder;
  const auto started = folder.root() / "started";
  int ids[2] = {};
  REQUIRE(::pipe(ids) == 0);
  joblib::test::Child parent([&](joblib::test::Child& self) {
    WorkerProcess worker(&obey, {});
    const int id = worker.id();
    if (::write(ids[1], &id, sizeof(id)) != sizeof(id)) return false;
    std::thread([&] { answer(worker, ("hang " + started.string()).c_str()); }).detach();
    self.wait_for_parent();
    return true;
  });
  int id = 0;
  REQUIRE(::read(ids[0], &id, sizeof(id)) == sizeof(id));
  const joblib::test::Watched worker(id);
  joblib::test::wait_for(started);
  parent.kill();
  CHECK(worker.ends());
  ::close(ids[0]);
  ::close(ids[1]);
}

TEST_CASE("A fork of the parent neither ends a worker nor keeps it alive") {
  auto worker = std::make_unique<WorkerProcess>(&obey, joblib::detail::Environment());
  answer(*worker, "first");
  const joblib::test::Watched process(worker->id());
  const auto descriptors = joblib::test::open_descriptors();
  joblib::test::Child child([&](joblib::test::Child& self) {
    const bool alive = worker->is_alive();
    worker.reset();
    self.report();
    self.wait_for_parent();
    return !alive;
  });
  child.wait_for_report();
  CHECK(answer(*worker, "still there") == "still there");
  worker.reset();
  CHECK(process.ends());
  child.go_on();
  CHECK(child.ended_well());
  CHECK(joblib::test::open_descriptors() <= descriptors);
}

TEST_CASE("Workers leave no descriptors and no zombies") {
  { WorkerProcess worker(&obey, {}); }
  const auto before = joblib::test::open_descriptors();
  for (int i = 0; i < 20; ++i) {
    WorkerProcess worker(&obey, {});
    if (i % 2 == 0) CHECK_THROWS_AS(answer(worker, "exit"), joblib::TerminatedWorkerError);
  }
  CHECK(joblib::test::open_descriptors() == before);
  CHECK(joblib::test::children().empty());
}

TEST_CASE("A worker inherits the standard streams and its connection alone") {
  const int leak = ::dup(0);
  WorkerProcess worker(&obey, {});
  // With the one that lists them.
  CHECK(answer(worker, "descriptors") == "5");
  ::close(leak);
}

TEST_CASE("A worker gets the environment without the mark") {
  const EnvironmentGuard kept("JOBLIB_TEST_KEPT", "kept");
  const EnvironmentGuard replaced("JOBLIB_TEST_REPLACED", "old");
  WorkerProcess worker(&obey, {{"JOBLIB_TEST_REPLACED", "new"}});
  CHECK(answer(worker, "variable JOBLIB_TEST_KEPT") == "kept");
  CHECK(answer(worker, "variable JOBLIB_TEST_REPLACED") == "new");
  CHECK(answer(worker, "variable JOBLIB_WORKER_TOKEN") == "(none)");
}

TEST_CASE("Ctrl-C doesn't end a worker") {
  WorkerProcess worker(&obey, {});
  CHECK(answer(worker, "interrupt") == "interrupt");
}

TEST_CASE("Threads of native libraries are limited as the parent says") {
  const EnvironmentGuard openmp("OMP_NUM_THREADS", "3");
  const EnvironmentGuard mkl("MKL_NUM_THREADS", nullptr);
  auto limits = joblib::detail::thread_limits(std::nullopt, 1'000'000);
  CHECK(limits.count("OMP_NUM_THREADS") == 0);
  CHECK(limits["MKL_NUM_THREADS"] == "1");
  limits = joblib::detail::thread_limits(5, 2);
  CHECK(limits["OMP_NUM_THREADS"] == "5");
  CHECK(limits["MKL_NUM_THREADS"] == "5");
}

TEST_CASE("No worker starts before main") { CHECK(error_before_main == joblib::errc::unsupported); }
