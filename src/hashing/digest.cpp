#include "joblib/hashing/detail/digest.hpp"

#include <array>
#include <string>

#include <openssl/evp.h>
#include <openssl/provider.h>
#ifdef JOBLIB_WITH_XXHASH
#include <xxhash.h>
#endif

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

// An algorithm of OpenSSL's own provider, whatever the configuration of the program allows: the
// digest is an identifier and protects nothing.
EVP_MD* fetch(const char* name) {
  static OSSL_LIB_CTX* const library = [] {
    OSSL_LIB_CTX* const made = OSSL_LIB_CTX_new();
    if (made != nullptr) OSSL_PROVIDER_load(made, "default");
    return made;
  }();
  return EVP_MD_fetch(library, name, "");
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
    static const EVP_MD* const md5 = fetch("MD5");
    algorithm_ = std::make_unique<Evp>(md5);
  } else if (name == "sha1") {
    static const EVP_MD* const sha1 = fetch("SHA1");
    algorithm_ = std::make_unique<Evp>(sha1);
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
