#include "joblib/store/two_tier.hpp"

#include <utility>

#include "joblib/core/error.hpp"

namespace joblib {

TwoTierStore::TwoTierStore(std::shared_ptr<StoreBackend> store, ObjectLimits limits)
    : store_(std::move(store)),
      objects_(limits, {}, [this](const std::string& name) { store_->touch(name); }) {
  if (store_ == nullptr) {
    throw Error(errc::invalid_argument, "TwoTierStore: the store behind it is a null pointer.");
  }
}

// The objects go last: one that is read meanwhile, from an item that is going, goes too or is not
// kept.
void TwoTierStore::remove(const std::string& name) {
  store_->remove(name);
  objects_.remove(name);
}

}  // namespace joblib
