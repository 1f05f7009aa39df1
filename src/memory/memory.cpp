#include "joblib/memory/memory.hpp"

#include <algorithm>
#include <iostream>

#include "entries.hpp"
#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"

namespace joblib {
namespace detail {
namespace {

// Parts between slashes that can be folders.
void check_name(const std::string& name) {
  std::string_view rest = name;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part.starts_with('.') || part.find('\0') != part.npos) {
      throw Error(
          errc::invalid_argument,
          "the name of a cached function must be like \"features/costly\", got: \"" + name + "\"");
    }
    if (part.size() == rest.size()) return;
    rest.remove_prefix(part.size() + 1);
  }
}

void check_ignored(const std::string& ignored, const std::string& function,
                   const CacheOptions& options) {
  const bool is_known = options.args.empty()
                            ? ignored == "*" || ignored == "**"
                            : std::ranges::find(options.args, ignored) != options.args.end();
  if (is_known) return;
  throw Error(errc::invalid_argument, "Ignore list: argument '" + ignored +
                                          "' is not defined for function " + function +
                                          ": give the names of its parameters in .args");
}

// A folder of its own for each version; other characters than those of file names are escaped.
std::string version_folder(const std::string& version) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string folder = "version=";
  for (const char character : version) {
    const auto code = static_cast<unsigned char>(character);
    if (code > ' ' && character != '/' && character != '%' && code < 0x7f) {
      folder += character;
    } else {
      ((folder += '%') += digits[code >> 4]) += digits[code & 0xf];
    }
  }
  return folder;
}

}  // namespace

std::string build_version(const void* code) {
  CodeModule module = module_of(code);
  if (!module.build_id.empty()) return "build-" + module.build_id;
  throw Error(errc::invalid_argument,
              module.path +
                  " has no build id, by which results of an older program are told: link with "
                  "-Wl,--build-id, or give .version");
}

void check_arity(const CachedFunction& function, std::size_t arguments) {
  if (function.args.empty() || function.args.size() == arguments) return;
  throw Error(errc::invalid_argument, "Wrong number of arguments for " + function.name + ": " +
                                          std::to_string(function.args.size()) + " names, " +
                                          std::to_string(arguments) + " arguments");
}

}  // namespace detail

namespace {

void check_limits(const SizeLimits& limits) {
  if (limits.age_limit && limits.age_limit->count() < 0)
    throw Error(errc::invalid_argument, "age_limit has to be a positive duration");
}

}  // namespace

Memory::Memory(std::optional<std::filesystem::path> location, MemoryOptions options) {
  check_limits(options.limits);
  if (location)
    cache_ = std::make_shared<detail::ResultCache>(location->string(), std::move(options));
}

detail::CachedFunction Memory::describe(const std::string& name, const CacheOptions& options,
                                        detail::CallableState state, const void* code,
                                        const detail::CallableIdentity& identity,
                                        std::optional<std::size_t> arity) const {
  detail::check_name(name);
  detail::CachedFunction function;
  function.name = name;
  function.validate = options.validate;
  function.args = options.args;
  function.ignore = options.ignore;
  if (arity) detail::check_arity(function, *arity);
  for (auto name_of = options.args.begin(); name_of != options.args.end(); ++name_of) {
    if (std::find(options.args.begin(), name_of, *name_of) == name_of) continue;
    throw Error(errc::invalid_argument,
                "two arguments of " + name + " are called '" + *name_of + "'");
  }
  for (const std::string& ignored : options.ignore) detail::check_ignored(ignored, name, options);
  if (options.state.value()) {
    function.state = options.state.value();
  } else if (const auto* const own = std::get_if<Object>(&state)) {
    function.state = *own;
  } else if (std::holds_alternative<detail::UnknownState>(state)) {
    throw Error(errc::invalid_argument,
                "the function cached as '" + name +
                    "' has a state that can't be hashed: give .state, or make it picklable");
  }
  function.folder = name;
  if (cache_ == nullptr) return function;
  const std::string version = options.version ? *options.version : detail::build_version(code);
  if (!version.empty()) function.folder += '/' + detail::version_folder(version);
  cache_->claim(function.folder, identity);
  // Other runs of the program may have other functions of this name, as overloads.
  if (!options.version) function.folder += '-' + hash(std::string_view(identity.type.name()));
  // Python has one type for several of C++: without a version, the cache may be shared with it.
  function.counts_types = !arity && !version.empty();
  function.tells_alternatives = !version.empty();
  function.verbose = options.verbose.value_or(cache_->options().verbose);
  function.mmap_mode = options.mmap_mode ? options.mmap_mode : cache_->options().mmap_mode;
  return function;
}

void Memory::clear() const {
  if (cache_ != nullptr) cache_->clear();
}

void Memory::reduce_size(const SizeLimits& limits) const {
  check_limits(limits);
  if (cache_ != nullptr) cache_->reduce_size(limits);
}

MemoryStats Memory::stats() const { return cache_ == nullptr ? MemoryStats() : cache_->stats(); }

std::vector<CacheEntry> Memory::entries() const {
  std::vector<CacheEntry> entries;
  if (cache_ == nullptr) return entries;
  detail::for_each_entry(cache_->store(), {}, [&](const detail::StoredEntry& stored) {
    const std::size_t slash = stored.name.rfind('/');
    Metadata metadata = cache_->metadata(stored.name).value_or(Metadata());
    entries.push_back({.function = stored.name.substr(0, slash),
                       .args_id = stored.name.substr(slash + 1),
                       .input_args = std::move(metadata.input_args),
                       .size = stored.size,
                       .last_access = stored.last_access,
                       .duration = metadata.duration});
    return true;
  });
  return entries;
}

void Memory::remove(const CacheEntry& entry) const {
  if (cache_ != nullptr) cache_->remove(entry.function + '/' + entry.args_id);
}

std::string Memory::location() const {
  return cache_ == nullptr ? std::string() : cache_->store().location();
}

std::string Memory::repr() const {
  return cache_ == nullptr ? "Memory(location=None)" : "Memory(location=" + location() + ")";
}

}  // namespace joblib
