#include "joblib/parallel/progress.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "catch.hpp"

using joblib::Progress;
using std::chrono::milliseconds;

namespace {

// Puts another file in the place of standard error.
class StandardError {
 public:
  explicit StandardError(int file) : saved_(dup(STDERR_FILENO)) {
    std::cerr.flush();
    dup2(file, STDERR_FILENO);
  }
  ~StandardError() {
    std::cerr.flush();
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

 private:
  int saved_;
};

// Two ends of a pipe or of a pseudo-terminal.
class Channel {
 public:
  static Channel pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    return Channel(ends[0], ends[1]);
  }
  static Channel terminal() {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(master >= 0);
    REQUIRE(grantpt(master) == 0);
    REQUIRE(unlockpt(master) == 0);
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    REQUIRE(slave >= 0);
    return Channel(master, slave);
  }
  ~Channel() {
    close(read_end_);
    close(write_end_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int write_end() const { return write_end_; }

  // What has been written since the last read.
  std::string read() const {
    std::string text;
    pollfd waiting{read_end_, POLLIN, 0};
    std::array<char, 1024> buffer{};
    while (poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLIN) != 0) {
      const ssize_t size = ::read(read_end_, buffer.data(), buffer.size());
      if (size <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  Channel(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) {}
  int read_end_;
  int write_end_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A progress bar is silent where standard error is no terminal") {
  const Channel channel = Channel::pipe();
  {
    const StandardError guard(channel.write_end());
    const auto bar = joblib::progress_bar({.label = "work"});
    bar({.completed = 1, .total = 2, .elapsed = milliseconds(500)});
    bar({.completed = 2, .total = 2, .elapsed = milliseconds(900), .finished = true});
  }
  CHECK(channel.read().empty());
}

TEST_CASE("A progress bar on a terminal shows how far a call has come") {
  const Channel terminal = Channel::terminal();
  const StandardError guard(terminal.write_end());
  const auto bar = joblib::progress_bar({.label = "work", .width = 10});
  bar({.completed = 1, .total = 4, .elapsed = milliseconds(500)});
  const std::string first = terminal.read();
  CHECK(first.starts_with("\r"));
  CHECK(contains(first, "work "));
  CHECK(contains(first, "[##........] 1/4 "));
  CHECK(contains(first, "   0.5s"));
  CHECK(contains(first, "   1.5s"));  // left
  CHECK_FALSE(contains(first, "\n"));
  bar({.completed = 4, .total = 4, .elapsed = milliseconds(501), .finished = true});
  const std::string last = terminal.read();
  CHECK(contains(last, "[##########] 4/4 "));
  CHECK(last.ends_with("\n"));
}

TEST_CASE("A progress bar is drawn at most ten times a second and once more at the end") {
  const Channel terminal = Channel::terminal();
  const StandardError guard(terminal.write_end());
  const auto bar = joblib::progress_bar();
  std::string text;
  for (std::size_t i = 1; i <= 1000; ++i) {
    bar({.completed = i, .total = 1000, .elapsed = milliseconds(2 * i), .finished = i == 1000});
    text += terminal.read();
  }
  const auto draws = std::ranges::count(text, '\r') - 1;  // the last line break adds one
  CHECK(draws >= 10);
  CHECK(draws <= 21);
  CHECK(contains(text, " 1000/1000 "));
}

TEST_CASE("A progress bar can be used for one call after the other") {
  const Channel terminal = Channel::terminal();
  const StandardError guard(terminal.write_end());
  const auto bar = joblib::progress_bar();
  bar({.completed = 1, .total = 1, .elapsed = std::chrono::seconds(5), .finished = true});
  CHECK(contains(terminal.read(), " 1/1 "));
  bar({.completed = 1, .total = 3, .elapsed = milliseconds(1)});
  CHECK(contains(terminal.read(), " 1/3 "));
}

TEST_CASE("A progress bar without a total counts") {
  const Channel terminal = Channel::terminal();
  const StandardError guard(terminal.write_end());
  const auto bar = joblib::progress_bar();
  bar({.completed = 7, .elapsed = milliseconds(500)});
  CHECK(contains(terminal.read(), "7 tasks "));
  bar({.completed = 0, .total = 0, .elapsed = milliseconds(700), .finished = true});
  CHECK(contains(terminal.read(), " 0/0 "));
}

TEST_CASE("A progress bar keeps counts and long times apart") {
  const Channel terminal = Channel::terminal();
  const StandardError guard(terminal.write_end());
  const auto bar = joblib::progress_bar();
  bar({.completed = 5, .total = 10, .elapsed = std::chrono::minutes(15)});
  CHECK(contains(terminal.read(), " 5/10 "));
  bar({.completed = 8, .elapsed = std::chrono::minutes(150), .finished = true});
  CHECK(contains(terminal.read(), "8 tasks "));
}
