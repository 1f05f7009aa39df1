#include "joblib/memory/detail/cached_function.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/memory/metadata.hpp"
#include "joblib/pickle/detail/extract.hpp"
#include "joblib/process/code_address.hpp"

namespace joblib::detail {
namespace {

using ValidatorFunction = bool (*)(const Metadata&);
using Address = std::pair<std::string, std::uint64_t>;  // build id and offset

// A validator by age or by function; neither is none.
using ValidatorState = std::pair<std::optional<std::int64_t>, std::optional<Address>>;

using FunctionState =
    std::tuple<std::string, std::string, int, std::optional<MmapMode>, ValidatorState,
               std::vector<std::string>, std::vector<std::string>, std::vector<Object>, bool, bool>;

using CompressState = std::optional<std::tuple<bool, std::string, std::optional<int>>>;
using LimitsState = std::tuple<std::optional<std::uint64_t>, std::optional<std::uint64_t>,
                               std::optional<std::int64_t>>;
using CacheState = std::tuple<std::string, std::string, StoreOptions, std::optional<MmapMode>,
                              CompressState, int, LimitsState, bool, bool>;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(errc::invalid_argument,
              "a cached function can't be sent to another process: " + what);
}

ValidatorState state_of(const Validator& validate, const std::string& name) {
  if (!validate) return {};
  if (const auto* const by_age = validate.target<ExpiresAfter>()) return {by_age->age.count(), {}};
  const auto* const function = validate.target<ValidatorFunction>();
  if (function == nullptr) {
    refuse("the validator of '" + name +
           "' is an object of this one: use expires_after or a plain function");
  }
  const auto [module, offset] = code_address_of(reinterpret_cast<const void*>(*function));
  return {{}, Address(module, offset)};
}

Validator validator_of(const ValidatorState& state) {
  const auto& [age, function] = state;
  if (age) return ExpiresAfter{std::chrono::nanoseconds(*age)};
  if (!function) return {};
  const void* const address = function_at({function->first, function->second});
  return reinterpret_cast<ValidatorFunction>(const_cast<void*>(address));
}

FunctionState state_of(const CachedFunction& function) {
  std::vector<Object> state;
  if (function.state) state.push_back(*function.state);
  return {function.name,
          function.folder,
          function.verbose,
          function.mmap_mode,
          state_of(function.validate, function.name),
          function.args,
          function.ignore,
          std::move(state),
          function.counts_types,
          function.tells_alternatives};
}

CachedFunction function_of(const FunctionState& state) {
  const auto& [name, folder, verbose, mmap_mode, validate, args, ignore, of_callable, counts_types,
               tells_alternatives] = state;
  return {.name = name,
          .folder = folder,
          .verbose = verbose,
          .mmap_mode = mmap_mode,
          .validate = validator_of(validate),
          .args = args,
          .ignore = ignore,
          .state = of_callable.empty() ? std::nullopt : std::optional(of_callable.front()),
          .counts_types = counts_types,
          .tells_alternatives = tells_alternatives};
}

CompressState state_of(const Compress& compress) {
  if (!compress.has_value()) return {};
  return {{compress.off(), compress.name(), compress.level()}};
}

Compress compress_of(const CompressState& state) {
  if (!state) return {};
  const auto& [off, name, level] = *state;
  if (!name.empty()) return level ? Compress(name, *level) : Compress(name);
  return level ? Compress(*level) : Compress(!off);
}

LimitsState state_of(const SizeLimits& limits) {
  LimitsState state;
  auto& [bytes, items, age] = state;
  if (limits.bytes_limit) bytes = limits.bytes_limit->bytes();
  if (limits.items_limit) items = *limits.items_limit;
  if (limits.age_limit) age = limits.age_limit->count();
  return state;
}

SizeLimits limits_of(const LimitsState& state) {
  const auto& [bytes, items, age] = state;
  SizeLimits limits;
  if (bytes) limits.bytes_limit = ByteSize(*bytes);
  if (items) limits.items_limit = *items;
  if (age) limits.age_limit = std::chrono::seconds(*age);
  return limits;
}

CacheState state_of(const ResultCache& cache) {
  const MemoryOptions& options = cache.options();
  if (options.backend.name().empty()) {
    refuse("its store, " + cache.store().location() +
           ", is an object of this one: choose one by name that others can use, like \"local\"");
  }
  return {cache.location_elsewhere(), options.backend.name(),     options.backend_options,
          options.mmap_mode,          state_of(options.compress), options.verbose,
          state_of(options.limits),   options.compute_once,       options.strict};
}

std::shared_ptr<ResultCache> make_cache(const CacheState& state) {
  const auto& [location, backend, backend_options, mmap_mode, compress, verbose, limits,
               compute_once, strict] = state;
  return std::make_shared<ResultCache>(location, MemoryOptions{.backend = backend,
                                                               .mmap_mode = mmap_mode,
                                                               .compress = compress_of(compress),
                                                               .verbose = verbose,
                                                               .backend_options = backend_options,
                                                               .limits = limits_of(limits),
                                                               .compute_once = compute_once,
                                                               .strict = strict});
}

// Never destroyed: functions may be received until the process ends.
struct ReceivedCaches {
  ForkSafeMutex mutex;
  std::map<std::string, std::shared_ptr<ResultCache>, std::less<>>
      caches;  // by their pickled states
};

ReceivedCaches& received() {
  static auto& instance = *new ReceivedCaches;
  return instance;
}

[[maybe_unused]] const auto& made_at_load = received();

std::shared_ptr<ResultCache> received_cache(const bytes& state) {
  ReceivedCaches& all = received();
  std::shared_ptr<ResultCache> made;  // ends without the lock where another thread was faster
  std::unique_lock lock(all.mutex);
  if (const auto found = all.caches.find(state.view()); found != all.caches.end())
    return found->second;
  lock.unlock();
  made = make_cache(loads<CacheState>(state));
  lock.lock();
  return all.caches.try_emplace(std::string(state.view()), std::move(made)).first->second;
}

}  // namespace

void write_cached_function(PickleWriter& writer, const ResultCache* cache,
                           const CachedFunction& function) {
  // Live objects stay here: there it is the function itself.
  const bool is_cached_there = cache != nullptr && cache->store().keeps_items();
  writer.begin_tuple(2);
  save(writer, is_cached_there ? dumps(state_of(*cache)) : bytes());
  save(writer, state_of(function));
  writer.end_tuple(2);
}

std::pair<std::shared_ptr<ResultCache>, CachedFunction> read_cached_function(Extraction& extraction,
                                                                             const Value& value) {
  const auto [of_cache, of_function] = extract<std::pair<bytes, FunctionState>>(extraction, value);
  CachedFunction function = function_of(of_function);
  if (of_cache.empty()) return {nullptr, std::move(function)};
  return {received_cache(of_cache), std::move(function)};
}

}  // namespace joblib::detail
