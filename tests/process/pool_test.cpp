#include "joblib/process/pool.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "core/file_tree.hpp"
#include "core/sink_guard.hpp"
#include "obey.hpp"
#include "parallel/behaviour/tools.hpp"
#include "parallel/stress/sanitizers.hpp"
#include "store/child.hpp"

namespace {

using joblib::bytes;
using joblib::detail::Environment;
using joblib::detail::Message;
using joblib::detail::WorkerPool;
using joblib::detail::WorkerPoolOptions;
using joblib::test::FileTree;
using joblib::test::obey;
using joblib::test::Watched;

std::string answer(WorkerPool& pool, const char* request, const Environment& environment = {}) {
  return std::string(
      pool.call({.payload = bytes(request)}, {}, {}, {}, environment).payload.view());
}

// An initializer or finalizer is a request like any other: here, the name of a file to be made.
Message make_file(const Message& request) {
  const std::string name(request.payload.view());
  if (name.starts_with("/")) std::filesystem::create_directory(name + std::to_string(::getpid()));
  return obey(request);
}

// Part of the program's static initialisation, which a worker goes through before it is ready.
[[maybe_unused]] const bool has_started = [] {
  if (const char* const gate = std::getenv("JOBLIB_TEST_START_GATE")) std::ifstream(gate).get();
  const char* const mark = std::getenv("JOBLIB_TEST_START_MARK");
  return mark != nullptr && std::filesystem::create_directory(mark);
}();

}  // namespace

TEST_CASE("A pool keeps its workers for later calls") {
  WorkerPool pool({.handler = &obey});
  const std::string id = answer(pool, "id");
  CHECK(answer(pool, "id") == id);
  CHECK_THROWS_AS(answer(pool, "error"), joblib::Error);
  CHECK(answer(pool, "id") == id);
}

TEST_CASE("A request begins when its worker is ready") {
  const FileTree folder;
  const std::filesystem::path mark = folder.root() / "started";
  const auto initialized = folder.root() / "initialized";
  std::filesystem::create_directory(initialized);
  WorkerPool pool({.handler = &make_file, .initializer = bytes(initialized.string() + '/')});
  for (int i = 0; i < 2; ++i) {  // the second time with a worker that is there
    int begun = 0;
    const auto begin = [&] {
      CHECK(std::filesystem::exists(mark));
      CHECK_FALSE(std::filesystem::is_empty(initialized));
      ++begun;
    };
    pool.call({.payload = bytes("id")}, {}, {}, begin, {{"JOBLIB_TEST_START_MARK", mark.string()}});
    CHECK(begun == 1);
  }
}

TEST_CASE("A worker that is stopped while it starts doesn't keep a request from beginning") {
  const FileTree folder;
  const std::filesystem::path mark = folder.root() / "started";
  REQUIRE(::mkfifo(mark.c_str(), 0600) == 0);  // opening it for reading waits for a writer
  WorkerPool pool({.handler = &obey});
  std::stop_source stop;
  const auto call = [&] {
    pool.call({.payload = bytes("id")}, stop.get_token(), {}, [&] { stop.request_stop(); },
              {{"JOBLIB_TEST_START_GATE", mark.string()}});
  };
  CHECK_THROWS_AS(call(), joblib::Cancelled);
}

TEST_CASE("A pool replaces workers that died or were killed, idle ones too") {
  WorkerPool pool({.handler = &obey});
  std::string id = answer(pool, "id");
  CHECK_THROWS_AS(answer(pool, "segfault"), joblib::TerminatedWorkerError);
  const std::string next = answer(pool, "id");
  CHECK(next != id);
  const Watched idle(std::stoi(next));
  ::kill(std::stoi(next), SIGKILL);
  REQUIRE(idle.ends());
  CHECK(answer(pool, "id") != next);
}

TEST_CASE("Calls from many threads each have a worker") {
  const auto before = joblib::test::open_descriptors();
  {
    WorkerPool pool({.handler = &obey});
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> callers;
    for (int thread = 0; thread < 4; ++thread) {
      callers.emplace_back([&, thread] {
        for (int i = 0; i < 200; ++i) {
          const std::string text = std::to_string(1000 * thread + i);
          if (i % 50 == 49) {
            try {
              answer(pool, "kill");
              ++wrong;
            } catch (const joblib::TerminatedWorkerError&) {
            }
          }
          if (answer(pool, text.c_str()) != text) ++wrong;
        }
      });
    }
    callers.clear();
    CHECK(wrong == 0);
  }
  CHECK(joblib::test::open_descriptors() == before);
  CHECK(joblib::test::children().empty());
}

TEST_CASE("Idle workers end after a time") {
  WorkerPool pool({.handler = &obey, .idle_timeout = std::chrono::milliseconds(20)});
  const std::string id = answer(pool, "id");
  const Watched worker(std::stoi(id));
  CHECK(worker.ends());
  CHECK(answer(pool, "id") != id);
}

TEST_CASE("A pool that is shut down ends its workers and starts anew") {
  WorkerPool pool({.handler = &obey});
  pool.begin_call(1);
  const std::string id = answer(pool, "id");
  const Watched worker(std::stoi(id));
  CHECK(answer(pool, "id") == id);
  pool.shutdown();
  CHECK(worker.ends());
  CHECK(joblib::test::children().empty());
  CHECK(answer(pool, "id") != answer(pool, "id"));  // none stays
  CHECK(joblib::test::children_end(0));
  pool.begin_call(1);
  CHECK(answer(pool, "id") == answer(pool, "id"));
}

TEST_CASE("A call ends surplus workers, but not at once") {
  const bool at_once = GENERATE(false, true);
  CAPTURE(at_once);
  WorkerPool pool({.handler = &obey, .surplus_timeout = std::chrono::hours(at_once ? 0 : 1)});
  const auto use_at_once = [&pool](std::size_t workers) {
    const FileTree folder;
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < workers; ++i) {
      const std::string request = "meet " + std::to_string(workers) + " " + folder.root().string();
      callers.emplace_back([&pool, request] { answer(pool, request.c_str()); });
    }
  };
  pool.begin_call(1);
  pool.begin_call(2);
  use_at_once(3);
  pool.end_call(1);
  CHECK(joblib::test::children().size() == 3);
  pool.begin_call(1);
  CHECK(joblib::test::children().size() == 3);
  pool.end_call(1);
  pool.end_call(2);
  pool.begin_call(2);
  if (at_once) CHECK(joblib::test::children_end(2));
  CHECK(joblib::test::children().size() == (at_once ? 2 : 3));
}

TEST_CASE("Calls with another environment have workers of their own, in the place of others") {
  WorkerPool pool({.handler = &obey, .surplus_timeout = std::chrono::hours(0)});
  const Environment one = {{"JOBLIB_TEST", "1"}};
  const Environment two = {{"JOBLIB_TEST", "2"}};
  for (int i = 0; i < 3; ++i) {
    CHECK(answer(pool, "variable JOBLIB_TEST", one) == "1");
    CHECK(answer(pool, "variable JOBLIB_TEST", two) == "2");
  }
  const std::string id = answer(pool, "id", two);
  CHECK(answer(pool, "id", one) != id);
  CHECK(answer(pool, "id", two) == id);
  CHECK(joblib::test::children().size() == 2);
  pool.begin_call(1);
  CHECK(joblib::test::children_end(1));
  CHECK(answer(pool, "id", two) == id);
}

TEST_CASE("Initializer and finalizer run once in each worker") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("joblib-pool-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto made = [&](const std::string& what, const std::string& id) {
    return std::filesystem::exists(folder / (what + id));
  };
  std::string id;
  {
    WorkerPool pool({.handler = &make_file,
                     .initializer = bytes((folder / "begin").string()),
                     .finalizer = bytes((folder / "end").string())});
    id = answer(pool, "id");
    CHECK(answer(pool, "id") == id);  // the second one would fail: the folder exists
    CHECK(made("begin", id));
    CHECK_FALSE(made("end", id));
  }
  CHECK(made("end", id));
  std::filesystem::remove_all(folder);
}

TEST_CASE("An initializer that fails, or ends its worker, is the error of the call") {
  WorkerPool failing({.handler = &obey, .initializer = bytes("error")});
  CHECK_THROWS_WITH(answer(failing, "id"),
                    "The initializer of a worker process failed: there is none");
  WorkerPool ending({.handler = &obey, .initializer = bytes("exit")});
  CHECK_THROWS_AS(answer(ending, "id"), joblib::detail::InitializerError);
  CHECK_THROWS_WITH(answer(ending, "id"),
                    "The initializer of a worker process ended it, with the exit code EXIT(3)");
  CHECK(joblib::test::children().empty());
}

TEST_CASE("A worker whose requests leak memory is replaced after its finalizer, and none fails") {
  const FileTree folder;
  std::vector<std::string> messages;
  const joblib::test::SinkGuard sink([&](const joblib::LogRecord& record) {
    if (record.level == joblib::LogLevel::debug) messages.emplace_back(record.text);
  });
  WorkerPool pool({.handler = &make_file, .finalizer = bytes((folder.root() / "end").string())});
  const std::string id = answer(pool, "id");
  CHECK(answer(pool, "id") == id);
  CHECK(answer(pool, "leak") == "leak");
  CHECK(messages.empty());
  std::string next = id;
  while (next == id) next = answer(pool, "id");
  CHECK(joblib::test::children_end(1));  // meanwhile
  CHECK(std::filesystem::exists(folder.root() / ("end" + id)));
  CHECK(messages ==
        std::vector<std::string>{"A worker process is replaced, because its tasks leak memory"});
  CHECK(answer(pool, "id") == next);
}

TEST_CASE("A finalizer that takes too long ends with its worker") {
  const joblib::test::Quiet quiet;
  WorkerPool pool({.handler = &make_file,
                   .finalizer = bytes("hang"),
                   .finalizer_timeout = std::chrono::milliseconds(20)});
  const Watched worker(std::stoi(answer(pool, "id")));
  SECTION("because it hangs") {}
  SECTION("because the worker is stopped") { worker.signal(SIGSTOP); }
  pool.shutdown();
  CHECK(joblib::test::children().empty());
}

TEST_CASE("Calls with equal options share a pool, and others don't take it away") {
  using joblib::detail::shared_worker_pool;
  const auto options = [](int i) {
    return WorkerPoolOptions{.handler = &obey, .idle_timeout = std::chrono::minutes(5 + i)};
  };
  const auto ask = [&](int i, const char* request) {
    return answer(*shared_worker_pool(options(i), 1), request);
  };
  const std::string first = ask(0, "id");
  const Watched worker(std::stoi(first));
  for (int i = 0; i < 3; ++i) {
    CHECK(ask(0, "id") == first);
    CHECK(ask(1, "id") == ask(1, "id"));
  }
  CHECK(joblib::test::children().size() == 2);
  // A few are kept where none is used.
  const auto used = shared_worker_pool(options(1), 1);
  for (int i = 2; i < 9; ++i) ask(i, "id");
  CHECK(worker.ends());
  CHECK(joblib::test::children().size() <= 5);
  const std::string second = answer(*used, "id");
  CHECK(ask(1, "id") == second);
  joblib::detail::shutdown_worker_pools();
  CHECK(joblib::test::children().empty());
}

TEST_CASE("The child of a fork has an empty pool of its own") {
  if (joblib::test::thread_sanitizer) return;  // the child couldn't start threads
  const WorkerPoolOptions options = {.handler = &obey};
  const std::string id = answer(*joblib::detail::shared_worker_pool(options, 1), "id");
  joblib::test::Child child([&](joblib::test::Child&) {
    const bool another = answer(*joblib::detail::shared_worker_pool(options, 1), "id") != id;
    joblib::detail::shutdown_worker_pools();
    return another;
  });
  CHECK(child.ended_well());
  CHECK(answer(*joblib::detail::shared_worker_pool(options, 1), "id") == id);
  joblib::detail::shutdown_worker_pools();
}
