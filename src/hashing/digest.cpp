#include "joblib/hashing/detail/digest.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <string>

#include <openssl/evp.h>
#include <openssl/provider.h>
#ifdef JOBLIB_WITH_XXHASH
#include <xxhash.h>
#endif

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"

namespace joblib::detail {

class Digest::Algorithm {
 public:
  virtual ~Algorithm() = default;
  virtual void update(std::span<const std::byte> bytes) = 0;
  virtual std::span<const unsigned char> finish() = 0;
};

namespace {

void check(bool done) {
  if (!done) throw Error(errc::unsupported, "OpenSSL can't compute the digest");
}

class Evp final : public Digest::Algorithm {
 public:
  explicit Evp(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    check(algorithm != nullptr && context_ != nullptr &&
          EVP_DigestInit_ex2(context_.get(), algorithm, nullptr) == 1);
  }

  void update(std::span<const std::byte> bytes) override {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }

  std::span<const unsigned char> finish() override {
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(context_.get(), result_.data(), &size) == 1);
    return std::span(result_).first(size);
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context_;
  std::array<unsigned char, EVP_MAX_MD_SIZE> result_{};
};

// The algorithms of OpenSSL's own provider, whatever the configuration of the program allows: the
// digest is an identifier and protects nothing. To get them takes a millisecond, too long for the
// load of each program, and the first digest reads OpenSSL's configuration; a fork meanwhile waits.
class Algorithms {
 public:
  static Algorithms& instance() {
    static auto& algorithms = *new Algorithms;  // never destroyed
    return algorithms;
  }

  struct Fetched {
    const EVP_MD* md5 = nullptr;
    const EVP_MD* sha1 = nullptr;
  };

  const Fetched& get() {
    if (!is_fetched_.load(std::memory_order_acquire)) fetch();
    return fetched_;
  }

 private:
  void fetch() {
    const std::lock_guard lock(mutex_);
    if (is_fetched_) return;
    OSSL_LIB_CTX* const library = OSSL_LIB_CTX_new();
    if (library != nullptr) OSSL_PROVIDER_load(library, "default");
    fetched_ = {.md5 = EVP_MD_fetch(library, "MD5", ""), .sha1 = EVP_MD_fetch(library, "SHA1", "")};
    const Evp first(fetched_.md5);
    is_fetched_.store(true, std::memory_order_release);
  }

  ForkSafeMutex mutex_;
  Fetched fetched_ = {};
  std::atomic<bool> is_fetched_ = false;
};

[[maybe_unused]] const auto& algorithms_made_at_load = Algorithms::instance();

#ifdef JOBLIB_WITH_XXHASH
class Xxh3 final : public Digest::Algorithm {
 public:
  Xxh3() : state_(XXH3_createState()) {
    if (state_ == nullptr || XXH3_128bits_reset(state_.get()) != XXH_OK) throw std::bad_alloc();
  }

  void update(std::span<const std::byte> bytes) override {
    XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  }

  std::span<const unsigned char> finish() override {
    XXH128_canonicalFromHash(&result_, XXH3_128bits_digest(state_.get()));
    return result_.digest;
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  std::unique_ptr<XXH3_state_t, Free> state_;
  XXH128_canonical_t result_{};
};
#endif

}  // namespace

Digest::Digest(std::string_view name) {
  if (name == "md5") {
    algorithm_ = std::make_unique<Evp>(Algorithms::instance().get().md5);
  } else if (name == "sha1") {
    algorithm_ = std::make_unique<Evp>(Algorithms::instance().get().sha1);
  } else if (name == "xxh3") {
#ifdef JOBLIB_WITH_XXHASH
    algorithm_ = std::make_unique<Xxh3>();
#else
    throw Error(errc::unsupported,
                "This build of joblib has no hash 'xxh3': install libxxhash and build joblib with "
                "-DJOBLIB_WITH_XXHASH=ON.");
#endif
  } else {
    throw Error(errc::invalid_argument,
                "Valid options for 'name' are ('md5', 'sha1', 'xxh3'). Got name='" +
                    std::string(name) + "' instead.");
  }
}

Digest::~Digest() = default;

void Digest::write(std::span<const std::byte> bytes) { algorithm_->update(bytes); }

std::string Digest::hex() {
  static constexpr std::string_view digits = "0123456789abcdef";
  const std::span<const unsigned char> bytes = algorithm_->finish();
  std::string text(2 * bytes.size(), '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 0xf];
  }
  return text;
}

}  // namespace joblib::detail
