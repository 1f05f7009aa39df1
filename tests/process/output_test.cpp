#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

#include "captured.hpp"
#include "catch.hpp"
#include "core/file_tree.hpp"
#include "joblib/io/file.hpp"
#include "joblib/process/worker.hpp"
#include "obey.hpp"

namespace {

using joblib::bytes;
using joblib::detail::FileDescriptor;
using joblib::detail::Message;
using joblib::detail::WorkerProcess;
using joblib::test::Captured;
using joblib::test::FileTree;
using joblib::test::wait_for;

constexpr std::size_t much = 1 << 20;  // more than a pipe holds

void print(int stream, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(stream, text.data(), text.size());
    if (count <= 0) std::abort();
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

// A worker whose static initialisation is talkative.
const bool has_talked = [] {
  if (std::getenv("JOBLIB_TEST_TALK") == nullptr) return false;
  print(2, std::string(much, '.') + '\n');
  return true;
}();

// In a worker.
Message talk(const Message& message) {
  const bytes& request = message.payload;
  const std::string text(reinterpret_cast<const char*>(request.data()), request.size());
  if (text == "much") {
    print(1, std::string(much, 'x') + '\n');
  } else if (text.starts_with("slowly ")) {
    for (int i = 0; i < 300; ++i) {
      for (int column = 0; column < 20; ++column) print(1, text.substr(7));
      print(1, "\n");
    }
  } else if (text == "buffered") {
    std::cout << "of cout ";
    std::fputs("of stdio", stdout);
  } else if (text == "log") {
    std::ios::sync_with_stdio(false);
    std::clog << "of clog";
  } else if (text == "die") {
    print(2, "last words");
    ::_exit(3);
  } else if (text.starts_with("later ")) {
    std::thread([path = text.substr(6)] {
      print(1, "when idle\n");
      std::filesystem::create_directory(path);
    }).detach();
  }
  return {.payload = bytes(request.size() > 100 ? "large" : "")};
}

}  // namespace

TEST_CASE("Lines of several workers are not mixed") {
  Captured output(1);
  {
    const auto speak = [](const char* request) {
      WorkerProcess worker(&talk, {});
      worker.call({.payload = bytes(request)}, {});
    };
    std::jthread one(speak, "slowly a");
    std::jthread two(speak, "slowly b");
  }
  std::istringstream lines(output.text());
  std::multiset<std::string> seen;
  for (std::string line; std::getline(lines, line);) seen.insert(line);
  CHECK(seen.size() == 600);
  CHECK(seen.count(std::string(20, 'a')) == 300);
  CHECK(seen.count(std::string(20, 'b')) == 300);
}

TEST_CASE("Lines begin with the tag of their call") {
  WorkerProcess worker(&talk, {});
  Captured output(1);
  worker.call({.payload = bytes("buffered")}, {}, "[one] ");
  worker.call({.payload = bytes("slowly z")}, {}, "[two] ");
  const FileTree folder;
  const std::filesystem::path path = folder.root() / "later";
  worker.call({.payload = bytes("later " + path.string())}, {}, "[three] ");
  wait_for(path);
  worker.call({}, {});
  const std::string text = output.text();
  CHECK(text.starts_with("[one] of cout of stdio\n[two] zzzzzzzzzzzzzzzzzzzz\n[two] z"));
  CHECK(text.ends_with("z\n[three] when idle\n"));
}

TEST_CASE("What a worker writes is there when the call returns and lines without an end are too") {
  WorkerProcess worker(&talk, {});
  for (int i = 0; i < 3; ++i) {
    Captured output(1);
    worker.call({.payload = bytes("buffered")}, {});
    CHECK(output.text() == "of cout of stdio");
  }
}

TEST_CASE("What a worker logs is there when the call returns") {
  Captured output(2);
  WorkerProcess worker(&talk, {});
  worker.call({.payload = bytes("log")}, {});
  CHECK(output.text() == "of clog");
}

TEST_CASE("A worker may write more than a pipe holds") {
  Captured output(1);
  WorkerProcess worker(&talk, {});
  worker.call({.payload = bytes("much")}, {});
  CHECK(output.text() == std::string(much, 'x') + '\n');
}

TEST_CASE("A worker that writes while a large request is sent to it doesn't wait for ever") {
  Captured output(2);
  WorkerProcess worker(&talk, {{"JOBLIB_TEST_TALK", "1"}});
  const Message request{.payload = bytes(std::string(64 << 20, 'r'))};
  CHECK(worker.call(request, {}).payload.view() == "large");
  CHECK(output.text() == std::string(much, '.') + '\n');
}

TEST_CASE("What a worker writes is lost where nobody reads the stream or it is closed") {
  WorkerProcess worker(&talk, {});
  const FileDescriptor before(::dup(1));
  SECTION("nobody reads it") {
    std::array<int, 2> ends = {};
    REQUIRE(::pipe(ends.data()) == 0);
    ::close(ends[0]);
    ::dup2(ends[1], 1);
    ::close(ends[1]);
  }
  SECTION("it is closed") { ::close(1); }
  const bytes answer = worker.call({.payload = bytes("much")}, {}).payload;
  ::dup2(before.get(), 1);
  CHECK(answer.empty());
}

TEST_CASE("What a worker writes before it dies is not lost") {
  Captured output(2);
  WorkerProcess worker(&talk, {});
  CHECK_THROWS_AS(worker.call({.payload = bytes("die")}, {}), joblib::TerminatedWorkerError);
  CHECK(output.text() == "last words");
}

TEST_CASE("What an idle worker writes comes out at its next call or at its end") {
  const FileTree folder;
  const auto path = folder.root() / "written";
  Captured output(1);
  {
    WorkerProcess worker(&talk, {});
    worker.call({.payload = bytes("later " + path.string())}, {});
    wait_for(path);
    SECTION("at its next call") { worker.call({}, {}); }
    SECTION("at its end") {}
  }
  CHECK(output.text() == "when idle\n");
}
