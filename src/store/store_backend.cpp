#include "joblib/store/store_backend.hpp"

#include <algorithm>
#include <cstddef>

#include "joblib/core/byte_size.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/registry.hpp"
#include "joblib/store/local.hpp"
#include "joblib/store/memory.hpp"

namespace joblib {

namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
  throw Error(errc::invalid_argument, "The store option '" + option + "' " + why + ".");
}

std::shared_ptr<StoreBackend> local(const std::string& location, const StoreOptions& options) {
  bool fsync = false;
  for (const auto& [option, value] : options) {
    if (option != "fsync") refuse(option, "is unknown to 'local', which has 'fsync'");
    if (!std::holds_alternative<bool>(value)) refuse(option, "must be true or false");
    fsync = std::get<bool>(value);
  }
  return make_local_store(location, fsync);
}

std::uint64_t bytes_of(const std::string& option, const StoreOption& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return ByteSize(*number).bytes();
  if (const auto* text = std::get_if<std::string>(&value)) return ByteSize(*text).bytes();
  refuse(option, "must be a number of bytes or text such as \"1G\"");
}

std::size_t count_of(const std::string& option, const StoreOption& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < 0) refuse(option, "must be an integer that is not negative");
  return static_cast<std::size_t>(*number);
}

// Every Memory has a store of its own, whatever the location.
std::shared_ptr<StoreBackend> memory(const std::string& /*location*/, const StoreOptions& options) {
  ObjectLimits limits;
  for (const auto& [option, value] : options) {
    if (option == "bytes_limit") {
      limits.bytes = bytes_of(option, value);
    } else if (option == "items_limit") {
      limits.items = count_of(option, value);
    } else {
      refuse(option, "is unknown to 'memory', which has bytes_limit and items_limit");
    }
  }
  return std::make_shared<MemoryStore>(limits);
}

// Never destroyed: stores may be made until the process ends.
detail::Registry<StoreFactory>& factories() {
  static auto& registry =
      *new detail::Registry<StoreFactory>("store", {{"local", local}, {"memory", memory}});
  return registry;
}

[[maybe_unused]] const auto& factories_made_at_load = factories();

}  // namespace

void check_item_name(std::string_view name) {
  bool fits = name.find('\0') == std::string_view::npos;
  for (std::size_t begin = 0, end = 0; fits && end < name.size(); begin = end + 1) {
    end = std::min(name.find('/', begin), name.size());
    fits = begin < end && name[begin] != '.';
  }
  if (!fits || name.empty()) {
    throw Error(errc::invalid_argument,
                "'" + std::string(name) +
                    "' can't be the name of an item in a store: the parts between its slashes must "
                    "not be empty, begin with a dot or have a zero byte.");
  }
}

void register_store_backend(std::string name, StoreFactory factory, bool force) {
  if (!factory) {
    throw Error(errc::invalid_argument,
                "register_store_backend: the factory of '" + name + "' is empty.");
  }
  factories().add(std::move(name), std::move(factory), force);
}

std::shared_ptr<StoreBackend> StoreRef::resolve(const std::string& location,
                                                const StoreOptions& options) const {
  if (const std::string* name = std::get_if<std::string>(&value_)) {
    std::shared_ptr<StoreBackend> store = factories().get(*name)(location, options);
    if (store == nullptr) {
      throw Error(errc::invalid_argument,
                  "The factory of the store '" + *name + "' returned a null pointer.");
    }
    return store;
  }
  const auto& store = std::get<std::shared_ptr<StoreBackend>>(value_);
  if (store == nullptr) {
    throw Error(errc::invalid_argument, "The store is a null pointer: give a name or an object.");
  }
  if (!options.empty()) {
    throw Error(errc::invalid_argument,
                "Store options go to the factory of a store chosen by name: they can't change an "
                "object that exists already.");
  }
  return store;
}

}  // namespace joblib
