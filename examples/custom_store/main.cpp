// Registers the store of flat_store.cpp and keeps an item in it.

#include <iostream>
#include <joblib/store/store_backend.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "flat_store.hpp"

int main() {
  // [register]
  joblib::register_store_backend("flat", make_flat_store);
  const auto store = joblib::StoreRef("flat").resolve("flat_store", {});
  // [register]

  // [use]
  constexpr std::string_view text = "a result";
  const auto sink = store->create("features/costly/3a/output.pkl");
  sink->write(std::as_bytes(std::span(text)));
  sink->finish();

  store->list("features", [](const joblib::StoreItem& item) {
    std::cout << item.name << " has " << item.size << " bytes\n";
    return true;
  });
  store->remove("features");
  // [use]
}
