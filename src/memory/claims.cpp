// Which callable has which folder of results in this process.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/memory/detail/result_cache.hpp"

namespace joblib::detail {
namespace {

struct Claim {
  CallableIdentity identity;
  // Of a store of live objects, with which the results go; another one may come to its address.
  std::optional<std::weak_ptr<StoreBackend>> store;
};

struct Claims {
  ForkSafeMutex mutex;
  std::unordered_map<std::string, Claim> by_folder;
};

// Never destroyed: functions may be cached until the process ends.
Claims& claims() {
  static auto& instance = *new Claims;
  return instance;
}

[[maybe_unused]] const auto& claims_made_at_load = claims();

}  // namespace

void ResultCache::claim(const std::string& folder, const CallableIdentity& identity) {
  const std::string place = place_of(folder);
  Claim claim{.identity = identity, .store = {}};
  if (!store_->keeps_items()) claim.store = store_;
  const std::lock_guard lock(claims().mutex);
  if (claim.store) {
    std::erase_if(claims().by_folder, [](const auto& other) {
      return other.second.store && other.second.store->expired();
    });
  }
  const auto [found, is_new] = claims().by_folder.emplace(place, std::move(claim));
  if (is_new || found->second.identity == identity) return;
  throw Error(errc::invalid_argument, "two different functions are cached under the name '" +
                                          folder + "' in " + store_->location() +
                                          ": give one of them another name");
}

// The same for all caches that have it there, whatever their location is called.
std::string ResultCache::place_of(const std::string& folder) const {
  if (!store_->keeps_items()) {
    return std::to_string(reinterpret_cast<std::uintptr_t>(store_.get())) + '/' + folder;
  }
  const auto path = store_->file(folder);
  if (!path) return store_->location() + '/' + folder;
  std::error_code unknown;
  const std::filesystem::path place = std::filesystem::weakly_canonical(*path, unknown);
  return unknown ? path->string() : place.string();
}

}  // namespace joblib::detail
