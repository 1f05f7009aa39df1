#pragma once

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "catch.hpp"

namespace joblib::test {

/// What comes out of a standard stream of this process.
class Captured {
 public:
  explicit Captured(int stream)
      : stream_(stream), kept_(::dup(stream)), file_(::memfd_create("output", MFD_CLOEXEC)) {
    ::fcntl(file_, F_SETFL, O_APPEND);  // processes that write at once don't overwrite each other
    std::cout.flush();
    std::fflush(nullptr);
    ::dup2(file_, stream_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() {
    restore();
    ::close(file_);
  }

  std::string text() {
    restore();
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    REQUIRE(::pread(file_, text.data(), text.size(), 0) == std::ssize(text));
    return text;
  }

 private:
  void restore() {
    if (kept_ < 0) return;
    ::dup2(kept_, stream_);
    ::close(kept_);
    kept_ = -1;
  }

  int stream_;
  int kept_;
  int file_;
};

}  // namespace joblib::test
