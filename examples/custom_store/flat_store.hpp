#pragma once

#include <joblib/store/store_backend.hpp>
#include <memory>
#include <string>

/// Every item is one file of a single folder: the factory of a store, to be registered.
std::shared_ptr<joblib::StoreBackend> make_flat_store(const std::string& location,
                                                      const joblib::StoreOptions& options);
