#include "joblib/process/detail/protocol.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "joblib/core/error.hpp"
#include "process/receive.hpp"

namespace {

using joblib::bytes;
using joblib::errc;
using joblib::detail::FileDescriptor;
using joblib::detail::FileList;
using joblib::detail::Frame;
using joblib::detail::FrameKind;
using joblib::detail::Hello;
using joblib::detail::Protocol;

const Hello of_parent = {.token = "secret", .build_id = "ab12", .handler = {"cd34", 56}};
const Hello of_worker = {.token = "secret", .build_id = "ab12", .handler = {}};

Protocol parent() { return {Protocol::Side::parent, of_parent}; }
Protocol worker() { return {Protocol::Side::worker, of_worker}; }

bytes frame(FrameKind kind, const bytes& payload) {
  bytes result(Protocol::header(kind, payload.size()));
  result.insert(result.end(), payload.begin(), payload.end());
  return result;
}

bytes operator+(bytes a, const bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// What comes of bytes that arrive `step` at a time.
std::vector<Frame> receive(Protocol& protocol, std::span<const std::byte> data, std::size_t step) {
  std::vector<Frame> frames;
  joblib::test::receive(protocol, data, step,
                        [&](Frame frame) { frames.push_back(std::move(frame)); });
  return frames;
}

errc error_of(Protocol protocol, const bytes& data) {
  try {
    receive(protocol, data, 1'000);
  } catch (const joblib::Error& error) {
    return error.code();
  }
  return {};
}

bytes greeting(const Hello& hello) {
  return frame(FrameKind::hello, Protocol(Protocol::Side::worker, hello).hello());
}

}  // namespace

TEST_CASE("Frames arrive whole, however they are cut") {
  const bytes large(1'000'000, std::byte{7});
  const bytes data = greeting(of_parent) + frame(FrameKind::run, bytes("one")) +
                     frame(FrameKind::run, {}) + frame(FrameKind::run, large) +
                     frame(FrameKind::run, bytes("two"));
  for (const std::size_t step : {1u, 15u, 16u, 17u, 4095u, 4096u, 10'000'000u}) {
    Protocol protocol = worker();
    const std::vector<Frame> frames = receive(protocol, data, step);
    REQUIRE(frames.size() == 5);
    CHECK(frames[0].kind == FrameKind::hello);
    CHECK(frames[1].message.payload == bytes("one"));
    CHECK(frames[2].message.payload.empty());
    CHECK(frames[3].message.payload == large);
    CHECK(frames[4].message.payload == bytes("two"));
    CHECK(protocol.peer().handler == of_parent.handler);
  }
}

TEST_CASE("Files belong to the frame that says how many it has") {
  Protocol protocol = worker();
  receive(protocol, greeting(of_parent), 1'000);
  const auto arrive = [&](const bytes& data, const FileList& files) {
    std::ranges::copy(data, protocol.room().begin());
    protocol.received(data.size(), files);
  };
  const FileList files = {std::make_shared<FileDescriptor>(), std::make_shared<FileDescriptor>(),
                          std::make_shared<FileDescriptor>()};
  // As the system may deliver it: a frame without files, and the beginning of one that has some.
  arrive(frame(FrameKind::run, bytes("one")) + bytes(Protocol::header(FrameKind::run, 3, 2)),
         {files[0], files[1]});
  const auto first = protocol.next();
  REQUIRE(first);
  CHECK(first->message.files.empty());
  CHECK_FALSE(protocol.next());
  arrive(bytes("two"), {});
  const auto second = protocol.next();
  REQUIRE(second);
  CHECK(second->message.files == FileList{files[0], files[1]});

  arrive(bytes(Protocol::header(FrameKind::run, 0, 2)), {files[2]});
  CHECK_THROWS_AS(protocol.next(), joblib::Error);
}

TEST_CASE("Only requests and replies have files, and not too many") {
  const bytes hello = greeting(of_worker);
  CHECK(error_of(parent(), bytes(Protocol::header(FrameKind::hello, 0, 1))) == errc::corrupt_data);
  CHECK(error_of(parent(), hello + bytes(Protocol::header(FrameKind::failure, 0, 1))) ==
        errc::corrupt_data);
  CHECK(error_of(parent(), hello + bytes(Protocol::header(FrameKind::reply, 0, 251))) ==
        errc::corrupt_data);
  Protocol protocol = parent();
  CHECK_THROWS_AS(protocol.received(0, FileList(251, std::make_shared<FileDescriptor>())),
                  joblib::Error);
}

TEST_CASE("Large payloads are read to where they stay") {
  Protocol protocol = worker();
  const bytes large(100'000, std::byte{7});
  receive(protocol, greeting(of_parent) + bytes(Protocol::header(FrameKind::run, large.size())),
          1'000);
  const auto room = protocol.room();
  REQUIRE(room.size() == large.size());
  std::ranges::copy(large, room.begin());
  protocol.received(room.size());
  const auto next = protocol.next();
  REQUIRE(next);
  CHECK(next->message.payload.data() == room.data());
}

TEST_CASE("Memory grows only with what has arrived") {
  Protocol protocol = worker();
  receive(protocol,
          greeting(of_parent) + bytes(Protocol::header(FrameKind::run, std::uint64_t{1} << 50)),
          1'000);
  for (int i = 0; i < 10; ++i) {
    const auto room = protocol.room();
    REQUIRE(room.size() <= 1 << 20);
    protocol.received(room.size());
    REQUIRE_FALSE(protocol.next());
  }
}

TEST_CASE("Who is not the other side is refused") {
  Hello stranger = of_worker;
  stranger.token = "secreT";
  CHECK(error_of(parent(), greeting(stranger)) == errc::corrupt_data);
  stranger.token = "";
  CHECK(error_of(parent(), greeting(stranger)) == errc::corrupt_data);
  Hello other_program = of_worker;
  other_program.build_id = "ab13";
  CHECK(error_of(parent(), greeting(other_program)) == errc::unsupported);
  CHECK(error_of(parent(), greeting(of_worker)) == errc());
}

TEST_CASE("What is no conversation is refused") {
  const bytes hello = greeting(of_worker);
  const bytes reply = frame(FrameKind::reply, bytes("reply"));
  CHECK(error_of(parent(), bytes("GET / HTTP/1.1\r\n\r\n")) == errc::corrupt_data);
  CHECK(error_of(parent(), reply) == errc::corrupt_data);
  CHECK(error_of(parent(), hello + hello) == errc::corrupt_data);
  CHECK(error_of(parent(), hello + frame(FrameKind::run, {})) == errc::corrupt_data);
  CHECK(error_of(worker(), hello + reply) == errc::corrupt_data);
  CHECK(error_of(parent(), hello + frame(FrameKind{77}, {})) == errc::corrupt_data);
  CHECK(error_of(parent(), bytes(Protocol::header(FrameKind::hello, 8193))) == errc::corrupt_data);
  CHECK(error_of(parent(), hello + bytes(Protocol::header(FrameKind::reply, ~std::uint64_t{0}))) ==
        errc::corrupt_data);
  CHECK(error_of(parent(), hello + reply) == errc());
  CHECK(error_of(parent(), hello + frame(FrameKind::leaking, bytes("reply"))) == errc());

  const bytes payload = Protocol(Protocol::Side::worker, of_worker).hello();
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const bytes cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(error_of(parent(), frame(FrameKind::hello, cut)) == errc::corrupt_data);
  }
  CHECK(error_of(parent(), frame(FrameKind::hello, payload + bytes("x"))) == errc::corrupt_data);
}

TEST_CASE("A failure becomes the Error that it was") {
  const bytes failure = joblib::detail::failure_payload(static_cast<int>(errc::not_found), "text");
  try {
    joblib::detail::throw_failure(failure);
  } catch (const joblib::Error& error) {
    CHECK(error.code() == errc::not_found);
    CHECK(std::string(error.what()) == "text");
  }
  const auto cut = std::span(failure).first(failure.size() - 1);
  CHECK_THROWS_WITH(joblib::detail::throw_failure(cut), Catch::Contains("shorter"));
}
