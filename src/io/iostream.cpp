#include "joblib/io/iostream.hpp"

#include <ios>
#include <istream>
#include <ostream>

#include "joblib/core/error.hpp"

namespace joblib::detail {

namespace {

// The state of the stream tells of a failure, whether or not the stream is set to throw.
template <class Action>
void without_throwing(Action action) {
  try {
    action();
  } catch (const std::ios_base::failure&) {
  }
}

}  // namespace

// Past the stream's state, so that its end is no failure: another value may be read after it.
std::size_t IstreamSource::read(std::span<std::byte> buffer) {
  if (stream_.fail() || stream_.rdbuf() == nullptr) {
    throw Error(errc::io_error,
                "The input stream has failed before it was read: check that its file was opened.");
  }
  try {
    const auto size = static_cast<std::streamsize>(buffer.size());
    return static_cast<std::size_t>(
        stream_.rdbuf()->sgetn(reinterpret_cast<char*>(buffer.data()), size));
  } catch (const std::ios_base::failure& failure) {
    without_throwing([this] { stream_.setstate(std::ios_base::badbit); });
    throw Error(errc::io_error,
                std::string("The input stream failed while it was read: ") + failure.what());
  }
}

void OstreamSink::write(std::span<const std::byte> bytes) {
  without_throwing([&] {
    stream_.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
  });
  if (!stream_) {
    throw Error(errc::io_error,
                "The output stream took no more bytes: check that its file was opened and that its "
                "disk is not full.");
  }
}

void OstreamSink::finish() {
  without_throwing([this] { stream_.flush(); });
  if (!stream_) {
    throw Error(errc::io_error,
                "The output stream failed at its end: what was written is incomplete.");
  }
}

}  // namespace joblib::detail
