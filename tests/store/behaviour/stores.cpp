#include "store/behaviour/stores.hpp"

#include "custom_store/flat_store.hpp"
#include "joblib/store/local.hpp"
#include "joblib/store/memory.hpp"
#include "joblib/store/two_tier.hpp"
#include "store/fault_store.hpp"

namespace joblib::test {
namespace {

std::vector<StoreKind> all_stores() {
  return {
      {.name = "local",
       .make = [](const std::string& folder) { return std::make_shared<LocalStore>(folder); },
       .shares = true,
       .touches = true,
       .locks = true},
      {.name = "memory",
       .make = [](const std::string& /*folder*/) { return std::make_shared<MemoryStore>(); },
       .touches = true,
       .locks = true},
      {.name = "two tiers, local",
       .make =
           [](const std::string& folder) {
             return std::make_shared<TwoTierStore>(std::make_shared<LocalStore>(folder));
           },
       .shares = true,
       .touches = true,
       .locks = true},
      {.name = "without faults, local",
       .make =
           [](const std::string& folder) {
             return std::make_shared<FaultStore>(std::make_shared<LocalStore>(folder));
           },
       .shares = true,
       .touches = true,
       .locks = true},
      // [flat]
      {.name = "flat, of the examples",
       .make = [](const std::string& folder) { return make_flat_store(folder, {}); },
       .shares = true,
       .touches = true},
      // [flat]
  };
}

}  // namespace

std::vector<StoreKind> stores(const Needs& needs) {
  std::vector<StoreKind> found = all_stores();
  std::erase_if(found, [&](const StoreKind& store) {
    return (needs.shares && !store.shares) || (needs.touches && !store.touches) ||
           (needs.locks && !store.locks);
  });
  return found;
}

}  // namespace joblib::test
