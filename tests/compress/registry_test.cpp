#include <memory>
#include <string>

#include "compress/formats.hpp"

using namespace joblib_test;
using Catch::Matchers::Contains;
using joblib::Compressor;
using joblib::errc;
using joblib::Error;
using joblib::register_compressor;
using namespace joblib::detail;

namespace {

// Compresses nothing: writes its prefix and the bytes.
class Plain final : public Compressor {
 public:
  using Compressor::Compressor;

 private:
  class Sink final : public joblib::ByteSink {
   public:
    explicit Sink(joblib::ByteSink& target) : target_(target) {}
    void write(std::span<const std::byte> bytes) override { target_.write(bytes); }

   private:
    joblib::ByteSink& target_;
  };

  class Source final : public joblib::ByteSource {
   public:
    explicit Source(joblib::ByteSource& source) : source_(source) {}
    std::size_t read(std::span<std::byte> buffer) override { return source_.read(buffer); }

   private:
    joblib::ByteSource& source_;
  };

  std::unique_ptr<joblib::ByteSink> do_compress(joblib::ByteSink& target, int, int) const override {
    target.write(bytes_of(format().prefix));
    return std::make_unique<Sink>(target);
  }

  std::unique_ptr<joblib::ByteSource> do_decompress(joblib::ByteSource& source,
                                                    int) const override {
    Bytes prefix(format().prefix.size());
    source.read(prefix);
    return std::make_unique<Source>(source);
  }
};

std::shared_ptr<const Compressor> plain(const std::string& prefix, const std::string& extension) {
  return std::make_shared<Plain>(
      Compressor::Format{.prefix = prefix, .extension = extension, .max_level = 3});
}

template <class Action>
errc code_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing thrown");
  return {};
}

}  // namespace

TEST_CASE("Compressors are found by name, extension and first bytes") {
  for (const std::string& name : all_formats) {
    CAPTURE(name);
    const auto compressor = find_compressor(name);
    CHECK(compressor_of_extension("some.pkl" + compressor->format().extension) == compressor);
    CHECK(compressor_of_prefix(compressor->format().prefix + "more") == compressor);
    CHECK(compressor->format().prefix.size() <= longest_prefix());
  }
  CHECK(compressor_of_extension("file.pkl") == nullptr);
  CHECK(compressor_of_extension("gz") == nullptr);
  CHECK(compressor_of_prefix("\x80\x04") == nullptr);
  CHECK(compressor_of_prefix("") == nullptr);
  CHECK_THROWS_WITH(find_compressor("foo"), Contains("'bz2', 'gzip', 'lz4', 'lzma'"));
}

TEST_CASE("Levels and numbers of threads that a format doesn't know") {
  joblib::detail::MemorySink target;
  const auto zlib = find_compressor("zlib");
  CHECK_THROWS_WITH(zlib->compress(target, 10, 1), Contains("from 1 to 9"));
  CHECK(code_of([&] { zlib->compress(target, 0, 1); }) == errc::invalid_argument);
  CHECK(code_of([&] { find_compressor("lz4")->compress(target, 17, 1); }) ==
        errc::invalid_argument);
  CHECK(decompress("zlib", compress("zlib", bytes_of("x"), {.n_threads = 0}), -1) == bytes_of("x"));
}

TEST_CASE("A compressor of one's own is found, may be replaced, and works") {
  register_compressor("plain", plain("PLAIN", ".plain"));
  const auto second = plain("PLAIN", ".plain");
  register_compressor("plain", second);
  CHECK(find_compressor("plain") == second);
  CHECK(compressor_of_extension("a.plain") == second);
  CHECK(compressor_of_prefix("PLAIN text") == second);
  CHECK(longest_prefix() == 5);
  CHECK(compress("plain", bytes_of("text")) == bytes_of("PLAINtext"));
  const Bytes bytes = random_bytes(5'000'000);
  CHECK(decompress("plain", compress("plain", bytes), 2) == bytes);
}

TEST_CASE("The longest extension and prefix win, of equal ones the one registered last") {
  const auto longer = plain("LONG!", ".long.ext");
  register_compressor("longer", longer);
  register_compressor("a shorter one", plain("LONG", ".ext"));
  CHECK(compressor_of_extension("a.long.ext") == longer);
  CHECK(compressor_of_prefix("LONG!") == longer);

  const auto later = plain("LONG!", ".long.ext");
  register_compressor("a later one", later);
  CHECK(compressor_of_extension("a.long.ext") == later);
  register_compressor("longer", longer);
  CHECK(compressor_of_extension("a.long.ext") == longer);
}

TEST_CASE("Compressors that would match everything, null pointers and taken names are refused") {
  CHECK(code_of([] { plain("", ".x"); }) == errc::invalid_argument);
  CHECK(code_of([] { plain("x", ""); }) == errc::invalid_argument);
  CHECK_THROWS_WITH(register_compressor("none", nullptr), Contains("'none'"));
  CHECK_THROWS_WITH(register_compressor("gzip", plain("x", ".x")), Contains("force"));
  const auto gzip = find_compressor("gzip");
  const auto mine = plain("\x1f\x8b", ".gz");
  register_compressor("gzip", mine, {.force = true});
  CHECK(find_compressor("gzip") == mine);
  CHECK(compressor_of_extension("a.gz") == mine);
  register_compressor("gzip", gzip, {.force = true});
}

TEST_CASE("A format that this build lacks is known, and says what to do") {
  for (const std::string& name : all_formats) {
    if (is_built_in(name)) continue;
    joblib::detail::MemorySource source({});
    CHECK_THROWS_WITH(find_compressor(name)->decompress(source, 1),
                      Contains("lib" + name) && Contains("-DJOBLIB_WITH_"));
  }
}
