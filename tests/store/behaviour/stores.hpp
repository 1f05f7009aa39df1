#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/temporary_folder.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib::test {

/// A kind of store, and what it is able to do.
struct StoreKind {
  std::string name;
  std::function<std::shared_ptr<StoreBackend>(const std::string& folder)> make;
  bool shares = false;   ///< objects that are made for the same folder have the same items
  bool touches = false;  ///< touch() sets the time of last access
  bool locks = false;    ///< lock() gives locks
};

/// What a test needs of a store.
struct Needs {
  bool shares = false;
  bool touches = false;
  bool locks = false;
};

/// All kinds, without those that lack one of the needs. Every behaviour test runs on each.
std::vector<StoreKind> stores(const Needs& needs = {});

/// A new store without items.
struct StoreCase {
  explicit StoreCase(StoreKind kind_of_store) : kind(std::move(kind_of_store)) {}

  /// Another object of the store, where its kind shares items.
  std::shared_ptr<StoreBackend> again() const { return kind.make((folder / "cache").string()); }

  const StoreKind kind;
  const std::string& name = kind.name;
  const joblib_test::TemporaryFolder folder = {};
  const std::shared_ptr<StoreBackend> store = again();
};

}  // namespace joblib::test
