// Lets any bytes arrive at one side of the conversation between a process and its worker, after a
// hello that is right if the first byte says so. Whatever is thrown and no joblib::Error is a
// finding.

#include "joblib/process/detail/protocol.hpp"
#include "fuzz.hpp"
#include "process/receive.hpp"

namespace {

using joblib::detail::Frame;
using joblib::detail::FrameKind;
using joblib::detail::Protocol;

void receive(Protocol& protocol, std::span<const std::byte> data, std::size_t step) {
  joblib::test::receive(protocol, data, step, [](const Frame& frame) {
    if (frame.kind == FrameKind::failure)
      joblib::fuzz::attempt([&] { joblib::detail::throw_failure(frame.message.payload); });
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  joblib::fuzz::attempt([&] {
    const bool greeted = (data[0] & 1) != 0;
    const auto side = (data[0] & 2) != 0 ? Protocol::Side::parent : Protocol::Side::worker;
    Protocol protocol(side, {.token = "token", .build_id = "id", .handler = {}});
    if (greeted) {
      const joblib::bytes hello = protocol.hello();
      receive(protocol, Protocol::header(FrameKind::hello, hello.size()), size);
      receive(protocol, hello, size);
    }
    receive(protocol, std::as_bytes(std::span(data, size)).subspan(1), 1 + data[0] / 4);
  });
  return 0;
}
