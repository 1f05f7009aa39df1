#include "joblib/core/log.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "core/sink_guard.hpp"

using joblib::LogLevel;
using joblib::LogRecord;
using joblib::test::SinkGuard;

namespace {

struct Record {
  LogLevel level;
  std::string text;
  std::ostream* stream;

  bool operator==(const Record&) const = default;
};

// Keeps what each write and each flush of a stream hands on.
class Writes : public std::streambuf {
 public:
  std::vector<std::string> writes;
  int flushes = 0;

 private:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    writes.emplace_back(text, static_cast<std::size_t>(size));
    return size;
  }
  int_type overflow(int_type c) override {
    writes.emplace_back(1, traits_type::to_char_type(c));
    return c;
  }
  int sync() override {
    ++flushes;
    return 0;
  }
};

void run_threads(int count, const std::function<void(int)>& body) {
  std::deque<std::jthread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
}

}  // namespace

TEST_CASE("A log sink receives level and text and stream") {
  std::vector<Record> messages;
  const SinkGuard guard([&](const LogRecord& record) {
    messages.push_back({record.level, std::string(record.text), &record.stream});
  });
  std::ostringstream other;
  joblib::log(LogLevel::debug, "details");
  joblib::log(LogLevel::warning, "careful", other);
  CHECK(messages == std::vector<Record>{{LogLevel::debug, "details", &std::cerr},
                                        {LogLevel::warning, "careful", &other}});
  CHECK(other.str().empty());
}

TEST_CASE("Setting a log sink returns the active one and an empty one restores the default") {
  const SinkGuard guard({});
  int first = 0;
  int second = 0;
  std::ostringstream stream;
  CHECK_FALSE(joblib::set_log_sink([&](const LogRecord&) { ++first; }));
  auto previous = joblib::set_log_sink([&](const LogRecord&) { ++second; });
  joblib::log(LogLevel::info, "to the second", stream);
  CHECK(first == 0);
  CHECK(second == 1);
  joblib::set_log_sink(std::move(previous));
  joblib::log(LogLevel::info, "to the first", stream);
  CHECK(first == 1);
  CHECK(second == 1);
  CHECK(joblib::set_log_sink({}));
  joblib::log(LogLevel::info, "to the stream", stream);
  CHECK(first == 1);
  CHECK(stream.str() == "to the stream\n");
}

TEST_CASE("The default log sink writes and flushes one line at once without debug messages") {
  const SinkGuard guard({});
  Writes writes;
  std::ostream stream(&writes);
  joblib::log(LogLevel::debug, "hidden", stream);
  joblib::log(LogLevel::info, "shown", stream);
  joblib::log(LogLevel::warning, "", stream);
  joblib::log(LogLevel::error, "two\nlines", stream);
  CHECK(writes.writes == std::vector<std::string>{"shown\n", "\n", "two\nlines\n"});
  CHECK(writes.flushes == 3);
}

TEST_CASE("Calls of a log sink never overlap") {
  constexpr int threads = 4;
  constexpr int messages = 500;  // of each thread
  std::atomic<bool> inside = false;
  int overlaps = 0;
  std::vector<std::string> texts;
  const SinkGuard guard([&](const LogRecord& record) {
    if (inside.exchange(true)) ++overlaps;
    texts.emplace_back(record.text);
    std::this_thread::yield();
    inside = false;
  });
  run_threads(threads, [](int thread) {
    for (int i = 0; i < messages; ++i) joblib::log(LogLevel::info, std::to_string(thread));
  });
  CHECK(overlaps == 0);
  for (int thread = 0; thread < threads; ++thread) {
    CHECK(std::count(texts.begin(), texts.end(), std::to_string(thread)) == messages);
  }
  CHECK(texts.size() == std::size_t{threads} * messages);
}

TEST_CASE("A log sink can be replaced while others log") {
  const SinkGuard guard({});
  constexpr int messages = 500;
  int received = 0;  // guarded by the logger: calls never overlap, whichever sink is active
  const auto count = [&](const LogRecord&) { ++received; };
  joblib::set_log_sink(count);
  run_threads(3, [&](int thread) {
    for (int i = 0; i < messages; ++i) {
      if (thread == 0) {
        joblib::set_log_sink(count);
      } else {
        joblib::log(LogLevel::info, "message");
      }
    }
  });
  CHECK(received == 2 * messages);
}

TEST_CASE("What a log sink throws is dropped and the next message arrives") {
  int calls = 0;
  const SinkGuard guard([&](const LogRecord&) {
    if (++calls == 1) throw std::runtime_error("disk full");
    if (calls == 2) throw 2;
  });
  joblib::log(LogLevel::error, "first");
  joblib::log(LogLevel::error, "second");
  joblib::log(LogLevel::error, "third");
  CHECK(calls == 3);
}

TEST_CASE("A stream that throws does not stop the default log sink") {
  const SinkGuard guard({});
  std::ostream broken(nullptr);
  CHECK_THROWS(broken.exceptions(std::ios::badbit));
  joblib::log(LogLevel::error, "lost", broken);
  std::ostringstream stream;
  joblib::log(LogLevel::error, "written", stream);
  CHECK(stream.str() == "written\n");
}
