#include "joblib/memory/detail/result_cache.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include "entries.hpp"
#include "eviction_queue.hpp"
#include "joblib/compress/compressor.hpp"
#include "joblib/core/detail/cached_call.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "joblib/store/object_cache.hpp"
#include "messages.hpp"
#include "size_keeper.hpp"

namespace joblib::detail {
namespace {

using Clock = std::chrono::steady_clock;

std::string item(const std::string& entry, std::string_view name) {
  return (entry + '/').append(name);
}

// Counts what it passes on; without a target it only counts.
class CountingSink final : public ByteSink {
 public:
  CountingSink(std::unique_ptr<ByteSink> target, std::uint64_t& count)
      : target_(std::move(target)), count_(count) {}

  void write(std::span<const std::byte> bytes) override {
    count_ += bytes.size();
    if (target_ != nullptr) target_->write(bytes);
  }
  void finish() override {
    if (target_ != nullptr) target_->finish();
  }
  void expect(std::uint64_t bytes) override {
    if (target_ != nullptr) target_->expect(bytes);
  }

 private:
  std::unique_ptr<ByteSink> target_;
  std::uint64_t& count_;
};

std::string read_text(ByteSource& source) {
  constexpr std::size_t most = 1 << 24;  // bytes of metadata
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = source.read(std::as_writable_bytes(std::span(buffer)))) {
    text.append(buffer.data(), count);
    if (text.size() > most) throw Error(errc::corrupt_data, "metadata.json is too large");
  }
  return text;
}

class CachedCallScope {
 public:
  CachedCallScope() : before_(std::exchange(in_cached_call(), true)) {}
  ~CachedCallScope() { in_cached_call() = before_; }
  CachedCallScope(const CachedCallScope&) = delete;
  CachedCallScope& operator=(const CachedCallScope&) = delete;

 private:
  bool before_;
};

void print(const std::string& text) { log(LogLevel::info, text, std::cout); }

std::vector<std::pair<std::string, std::string>> input_args(const CachedFunction& function,
                                                            std::vector<std::string> arguments) {
  std::vector<std::pair<std::string, std::string>> result;
  if (arguments.empty()) return result;
  const auto counts = [&](std::string_view name) {
    return std::ranges::find(function.ignore, name) == function.ignore.end();
  };
  if (function.args.empty()) {
    std::string list;
    for (const std::string& argument : arguments) (list += list.empty() ? "" : ", ") += argument;
    if (counts("*")) result.emplace_back("*", "[" + list + "]");
    if (counts("**")) result.emplace_back("**", "{}");
    return result;
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (counts(function.args[i])) result.emplace_back(function.args[i], std::move(arguments[i]));
  }
  return result;
}

}  // namespace

std::string entry_of(const CachedFunction& function, const std::string& args_id) {
  return function.folder + '/' + args_id;
}

ResultCache::ResultCache(const std::string& location, MemoryOptions options)
    : options_(std::move(options)),
      store_(options_.backend.resolve(location, options_.backend_options)) {
  const bool is_folder = options_.backend.name() == "local" && !location.starts_with('~');
  location_elsewhere_ = is_folder ? std::filesystem::absolute(location).string() : location;
  if (!options_.compress.name().empty()) find_compressor(options_.compress.name());
  if (options_.mmap_mode && options_.compress.has_value() && !options_.compress.off())
    log(LogLevel::warning, "Compressed results cannot be memmapped");
  if (!options_.limits.any()) return;
  if (!store_->keeps_items()) {
    throw Error(errc::invalid_argument,
                "limits are for items in a store: those of live objects are backend_options, "
                "\"bytes_limit\" and \"items_limit\"");
  }
  keeper_ = std::make_unique<SizeKeeper>(store_, options_.limits, options_.verbose > 10);
}

ResultCache::~ResultCache() = default;

void ResultCache::get(const CachedFunction& function, const std::string& args_id,
                      CachedCall& call) {
  print_query(function, args_id, call);
  const bool waits = options_.compute_once && !in_cached_call();
  if (find(function, args_id, call, waits ? LogLevel::debug : LogLevel::warning)) return;
  compute_unless([&] { return find(function, args_id, call); }, function, args_id, call);
}

bool ResultCache::shelve(const CachedFunction& function, const std::string& args_id,
                         CachedCall& call) {
  print_query(function, args_id, call);
  const auto is_there = [&] {
    if (!contains(function, args_id)) return false;
    const std::string entry = entry_of(function, args_id);
    count_hit(function, entry);
    touch(entry);
    return true;
  };
  return is_there() || compute_unless(is_there, function, args_id, call);
}

// Failures harm nobody: the entry may go sooner than others.
void ResultCache::touch(const std::string& entry) {
  try {
    store_->touch(item(entry, output_name));
  } catch (const Error& error) {
    log(LogLevel::debug, error.what());
  }
}

void ResultCache::print_query(const CachedFunction& function, const std::string& args_id,
                              const CachedCall& call) const {
  if (function.verbose < 20) return;
  log(LogLevel::info, querying(function.name, call.arguments(ShownIn::message), args_id,
                               store_->location() + '/' + function.folder));
}

// Whether it is in the store.
bool ResultCache::compute_unless(const std::function<bool()>& is_there,
                                 const CachedFunction& function, const std::string& args_id,
                                 CachedCall& call) {
  const std::unique_ptr<StoreLock> mine = lock(entry_of(function, args_id));
  const CachedCallScope scope;  // who has a lock waits for no other
  // Others may have had the lock.
  if (mine != nullptr && !mine->found_nothing() && is_there()) return true;
  return compute_and_store(function, args_id, call).second;
}

// Null for who waits for nobody: all callers if they are told to, and whoever works for a cached
// function, since the others could be waiting for it.
std::unique_ptr<StoreLock> ResultCache::lock(const std::string& entry) {
  if (!options_.compute_once || in_cached_call()) return nullptr;
  try {
    if (auto of_machine = store_->lock(entry)) return of_machine;
  } catch (const Error& error) {
    log(LogLevel::debug, error.what());
  }
  return threads_.lock(entry);
}

bool ResultCache::find(const CachedFunction& function, const std::string& args_id, CachedCall& call,
                       LogLevel damage) {
  const std::string entry = entry_of(function, args_id);
  if (!is_valid(function, entry)) return false;
  const auto begin = Clock::now();
  if (!find_object(function, entry, call)) {
    if (!read_item(function, entry, call, damage)) return false;
    if (function.verbose > 4) print(loaded(function.name, Clock::now() - begin));
  }
  count_hit(function, entry);
  return true;
}

bool ResultCache::is_valid(const CachedFunction& function, const std::string& entry) {
  if (!function.validate) return true;
  const std::optional<Metadata> its_metadata = metadata(entry);
  return its_metadata && function.validate(*its_metadata);
}

bool ResultCache::find_object(const CachedFunction& function, const std::string& entry,
                              CachedCall& call) {
  ObjectCache* const objects = objects_for(function);
  return objects != nullptr && call.find(*objects, item(entry, output_name));
}

// Null where there are items for results that are mapped, and for those that are validated:
// somebody else may replace them, and metadata tells of an item and not of the object that was made
// of an older one.
ObjectCache* ResultCache::objects_for(const CachedFunction& function) {
  const bool wants_items = function.validate || function.mmap_mode;
  return wants_items && store_->keeps_items() ? nullptr : store_->objects();
}

bool ResultCache::read_item(const CachedFunction& function, const std::string& entry,
                            CachedCall& call, LogLevel damage, const Metadata* metadata) {
  const auto warn = [&](const std::exception& error) {
    log(damage, "Exception while loading results for " + dotted(function.name) +
                    ", which are computed again: " + error.what());
  };
  try {
    return read_entry(function, entry, call, function.verbose, metadata);
  } catch (const Error& error) {
    if (error.code() != errc::not_found) warn(error);
  } catch (const std::exception& error) {  // of a pickler
    warn(error);
  }
  return false;
}

// False where it is missing.
bool ResultCache::read_entry(const CachedFunction& function, const std::string& entry,
                             CachedCall& call, int verbose, const Metadata* metadata) {
  const std::string name = item(entry, output_name);
  ObjectCache* const objects = objects_for(function);
  const std::uint64_t changes = objects == nullptr ? 0 : objects->changes(name);
  const auto path = function.mmap_mode ? store_->file(name) : std::nullopt;
  const std::unique_ptr<ByteSource> source = path ? nullptr : store_->open(name);
  if (path ? !store_->exists(name) : source == nullptr) return false;
  if (verbose > 1) {
    print(loading(function.name, Clock::now() - made_, metadata) +
          (verbose < 10 ? "..." : " from " + store_->location() + '/' + entry));
  }
  Load load = path ? Load(*path, {.mmap_mode = function.mmap_mode}) : Load(*source, name, {});
  call.read(load);
  if (objects != nullptr) call.keep(*objects, name, load.size(), changes);
  if (path) touch(entry);
  return true;
}

void ResultCache::load(const CachedFunction& function, const std::string& args_id,
                       CachedCall& call) {
  const std::string entry = entry_of(function, args_id);
  if (find_object(function, entry, call)) return;
  try {
    const int verbose = function.verbose - 1;
    const auto its_metadata = verbose > 1 ? metadata(entry) : std::nullopt;
    if (read_entry(function, entry, call, verbose, its_metadata ? &*its_metadata : nullptr)) return;
  } catch (const Error& error) {
    if (error.code() == errc::corrupt_data) remove_damaged(entry);
    if (error.code() != errc::not_found) throw;
  }
  throw Error(errc::not_found, "Non-existing item (may have been cleared).\nFile " +
                                   store_->location() + '/' + item(entry, output_name) +
                                   " does not exist");
}

// A store that can't write leaves it there, for who computes it again.
void ResultCache::remove_damaged(const std::string& entry) {
  try {
    remove(entry);
  } catch (const Error& error) {
    log(LogLevel::warning, error.what());
  }
}

Metadata ResultCache::compute(const CachedFunction& function, const std::string& args_id,
                              CachedCall& call) {
  const CachedCallScope scope;
  return compute_and_store(function, args_id, call).first;
}

std::pair<Metadata, bool> ResultCache::compute_and_store(const CachedFunction& function,
                                                         const std::string& args_id,
                                                         CachedCall& call) {
  const std::string entry = entry_of(function, args_id);
  if (function.verbose > 10) {
    log(LogLevel::warning, "Computing func " + last_part(function.name) + ", argument hash " +
                               args_id + " in location " + store_->location() + '/' +
                               function.folder);
  }
  if (function.verbose > 0) print(calling(function.name, call.arguments(ShownIn::message)));
  Metadata metadata;
  metadata.input_args = input_args(function, call.arguments(ShownIn::metadata));
  const auto begin = Clock::now();
  call.compute();
  metadata.duration = Clock::now() - begin;
  metadata.time = std::chrono::system_clock::now();
  count_miss(function, metadata.duration);
  if (function.verbose > 10) print("Persisting in " + store_->location() + '/' + entry);
  const bool stored = store_result(function, entry, call, metadata);
  if (function.verbose > 0) print(called(function.name, Clock::now() - begin));
  if (stored && function.mmap_mode)  // as later calls have it
    read_item(function, entry, call, LogLevel::warning, &metadata);
  return {std::move(metadata), stored};
}

// The metadata comes last: beside that of an older result, which may be too old, this one is at
// worst computed again; an old one beside the metadata of this one would be taken for new.
bool ResultCache::store_result(const CachedFunction& function, const std::string& entry,
                               const CachedCall& call, const Metadata& metadata) {
  try {
    const std::string name = item(entry, output_name);
    const bool is_new = keeper_ != nullptr && !store_->exists(name);
    std::uint64_t bytes = write_output(function, name, call);
    bytes += write_metadata(entry, metadata);
    {
      const std::lock_guard lock(stats_mutex_);
      stats_.bytes += bytes;
    }
    if (is_new) keeper_->added({entry, bytes, metadata.time});
    if (store_->keeps_items() || store_->exists(name)) return true;
    store_->remove(entry);  // what belongs to an object that was too large
  } catch (const Error& error) {
    report(error);
  } catch (const std::exception& error) {  // of a pickler
    report(Error(errc::invalid_argument, error.what()));
  }
  return false;
}

// Bytes in the store.
std::uint64_t ResultCache::write_output(const CachedFunction& function, const std::string& name,
                                        const CachedCall& call) {
  std::uint64_t bytes = 0;
  const bool is_written = store_->keeps_items() || !call.is_object();
  Dump dump(std::make_unique<CountingSink>(is_written ? store_->create(name) : nullptr, bytes),
            {.compress = options_.compress});
  call.write(dump.writer());
  dump.commit();
  if (ObjectCache* const objects = objects_for(function)) {
    call.keep(*objects, name, dump.writer().position(), std::nullopt);
  } else if (store_->objects() != nullptr) {
    store_->objects()->remove(name);  // one of an older result, for who may have it
  }
  return bytes;
}

std::uint64_t ResultCache::write_metadata(const std::string& entry, const Metadata& metadata) {
  std::uint64_t bytes = 0;
  const std::string text = to_json(metadata);
  CountingSink sink(store_->create(item(entry, metadata_name)), bytes);
  sink.write(std::as_bytes(std::span(text)));
  sink.finish();
  return bytes;
}

void ResultCache::report(const Error& error) {
  {
    const std::lock_guard lock(stats_mutex_);
    ++stats_.store_errors;
  }
  if (options_.on_store_error) options_.on_store_error(error);
  if (options_.strict) throw error;
  log(LogLevel::warning, std::string("Unable to cache a result: ") + error.what());
}

bool ResultCache::contains(const CachedFunction& function, const std::string& args_id) {
  const std::string entry = entry_of(function, args_id);
  try {
    return store_->exists(item(entry, output_name)) && is_valid(function, entry);
  } catch (const Error& error) {
    log(LogLevel::debug, error.what());
    return false;
  }
}

std::optional<Metadata> ResultCache::metadata(const std::string& entry) {
  try {
    const std::unique_ptr<ByteSource> source = store_->open(item(entry, metadata_name));
    if (source != nullptr) return metadata_from_json(read_text(*source));
  } catch (const Error& error) {
    log(LogLevel::debug, error.what());
  }
  return {};
}

void ResultCache::clear(const CachedFunction& function) {
  if (function.verbose > 0)
    log(LogLevel::warning, "Clearing function cache identified by " + function.name);
  store_->remove(function.name);
}

void ResultCache::clear() {
  if (options_.verbose > 0) log(LogLevel::warning, "Flushing completely the cache");
  store_->remove({});
}

void ResultCache::reduce_size(const SizeLimits& limits) {
  if (!limits.any()) return;
  EvictionQueue queue(*store_, options_.verbose > 10);
  queue.scan([] { return false; });
  queue.reduce(limits, [] { return false; });
}

// The durations of a function's first computations stand for those of all its hits.
void ResultCache::count_hit(const CachedFunction& function, const std::string& entry) {
  constexpr std::uint64_t samples = 16;
  bool wants_duration = false;
  {
    const std::lock_guard lock(stats_mutex_);
    ++stats_.hits;
    Counts& counts = functions_[function.folder];
    ++counts.hits;
    wants_duration = counts.durations < samples;
  }
  if (!wants_duration) return;
  if (const auto its_metadata = metadata(entry)) {
    const std::lock_guard lock(stats_mutex_);
    Counts& counts = functions_[function.folder];
    ++counts.durations;
    counts.sum += its_metadata->duration;
  }
}

void ResultCache::count_miss(const CachedFunction& function,
                             std::chrono::duration<double> duration) {
  const std::lock_guard lock(stats_mutex_);
  ++stats_.misses;
  Counts& counts = functions_[function.folder];
  ++counts.durations;
  counts.sum += duration;
}

MemoryStats ResultCache::stats() const {
  const std::lock_guard lock(stats_mutex_);
  MemoryStats result = stats_;
  for (const auto& [folder, counts] : functions_) {
    if (counts.durations > 0)
      result.time_saved +=
          counts.sum * (static_cast<double>(counts.hits) / static_cast<double>(counts.durations));
  }
  return result;
}

}  // namespace joblib::detail
