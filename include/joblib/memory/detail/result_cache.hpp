#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/log.hpp"
#include "joblib/memory/options.hpp"
#include "joblib/pickle/detail/writer.hpp"
#include "joblib/pickle/load.hpp"
#include "joblib/store/detail/name_locks.hpp"
#include "joblib/store/store_backend.hpp"

namespace joblib {

class ObjectCache;

namespace detail {

/// A function as the cache knows it.
struct CachedFunction {
  std::string name;    ///< "features/costly"
  std::string folder;  ///< of its results in the store: the name, and the version if it has one
  int verbose = 1;
  std::optional<MmapMode> mmap_mode = {};
  Validator validate = {};
  std::vector<std::string> args = {};    ///< names of the parameters, or none
  std::vector<std::string> ignore = {};  ///< those that don't count
  std::optional<Object> state = {};      ///< of the callable
  bool counts_types = false;             ///< of arguments, which decide what is called
  bool tells_alternatives = false;       ///< of variants in arguments
};

/// Tells callables apart: by their type, and functions by their address, too.
struct CallableIdentity {
  std::type_index type = typeid(void);
  const void* function = nullptr;
  bool operator==(const CallableIdentity&) const = default;
};

/// Where arguments are shown: joblib writes those of messages in lines.
enum class ShownIn : char { metadata, message };

/// One call of a function as the cache sees it: it moves the result, whose type is not known here.
class CachedCall {
 public:
  virtual ~CachedCall() = default;
  virtual void read(Load& load) = 0;
  /// Takes a live object; false where there is none.
  virtual bool find(ObjectCache& objects, const std::string& name) = 0;
  virtual void compute() = 0;
  virtual void write(PickleWriter& writer) const = 0;
  /// Whether the result can be kept as a live object: copies are independent of it.
  virtual bool is_object() const = 0;
  /// As ObjectCache::keep.
  virtual void keep(ObjectCache& objects, const std::string& name, std::uint64_t bytes,
                    std::optional<std::uint64_t> changes) const = 0;
  /// The arguments as Python prints them, in the order of the parameters.
  virtual std::vector<std::string> arguments(ShownIn place) const = 0;
};

class SizeKeeper;

/// Results in a store: what is behind a Memory and all that it has made. Thread-safe.
class ResultCache {
 public:
  ResultCache(const std::string& location, MemoryOptions options);
  ~ResultCache();
  ResultCache(const ResultCache&) = delete;
  ResultCache& operator=(const ResultCache&) = delete;

  const MemoryOptions& options() const noexcept { return options_; }
  /// For processes that may have another current folder.
  const std::string& location_elsewhere() const noexcept { return location_elsewhere_; }
  StoreBackend& store() const noexcept { return *store_; }

  /// The result, from the store or computed; waits for others who compute it.
  void get(const CachedFunction& function, const std::string& args_id, CachedCall& call);
  /// Sees to it that the result is in the store. False where it can't be kept: `call` has it then.
  bool shelve(const CachedFunction& function, const std::string& args_id, CachedCall& call);
  /// The result if it is in the store and valid; `damage` is told where it can't be read.
  bool find(const CachedFunction& function, const std::string& args_id, CachedCall& call,
            LogLevel damage = LogLevel::warning);
  /// Computes and stores it, whether or not it is there.
  Metadata compute(const CachedFunction& function, const std::string& args_id, CachedCall& call);
  bool contains(const CachedFunction& function, const std::string& args_id);
  /// Throws Error: errc::not_found where it is gone, corrupt_data where it is damaged; then it
  /// goes, so that the next call computes it again.
  void load(const CachedFunction& function, const std::string& args_id, CachedCall& call);
  /// Empty where it is missing or damaged.
  std::optional<Metadata> metadata(const std::string& entry);

  void remove(const std::string& entry) { store_->remove(entry); }
  /// Removes all results of a function, of all its versions.
  void clear(const CachedFunction& function);
  /// Removes all results.
  void clear();
  void reduce_size(const SizeLimits& limits);
  MemoryStats stats() const;

  /// Remembers which callable has a folder for its results. Throws Error where another one has it.
  void claim(const std::string& folder, const CallableIdentity& identity);

 private:
  bool compute_unless(const std::function<bool()>& is_there, const CachedFunction& function,
                      const std::string& args_id, CachedCall& call);
  std::pair<Metadata, bool> compute_and_store(const CachedFunction& function,
                                              const std::string& args_id, CachedCall& call);
  void print_query(const CachedFunction& function, const std::string& args_id,
                   const CachedCall& call) const;
  std::unique_ptr<StoreLock> lock(const std::string& entry);
  bool find_object(const CachedFunction& function, const std::string& entry, CachedCall& call);
  ObjectCache* objects_for(const CachedFunction& function);
  bool read_item(const CachedFunction& function, const std::string& entry, CachedCall& call,
                 LogLevel damage = LogLevel::warning, const Metadata* metadata = nullptr);
  bool read_entry(const CachedFunction& function, const std::string& entry, CachedCall& call,
                  int verbose, const Metadata* metadata);
  bool is_valid(const CachedFunction& function, const std::string& entry);
  void count_hit(const CachedFunction& function, const std::string& entry);
  void count_miss(const CachedFunction& function, std::chrono::duration<double> duration);
  bool store_result(const CachedFunction& function, const std::string& entry,
                    const CachedCall& call, const Metadata& metadata);
  std::uint64_t write_output(const CachedFunction& function, const std::string& name,
                             const CachedCall& call);
  std::uint64_t write_metadata(const std::string& entry, const Metadata& metadata);
  void report(const Error& error);
  std::string place_of(const std::string& folder) const;
  void touch(const std::string& entry);
  void remove_damaged(const std::string& entry);

  MemoryOptions options_;
  std::shared_ptr<StoreBackend> store_;
  std::string location_elsewhere_ = {};
  std::chrono::steady_clock::time_point made_ = std::chrono::steady_clock::now();

  NameLocks threads_;  // for stores without locks

  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t durations = 0;  // how many are in their sum
    std::chrono::duration<double> sum{};
  };
  mutable ForkSafeMutex stats_mutex_ = {};
  std::unordered_map<std::string, Counts> functions_ = {};
  MemoryStats stats_ = {};

  std::unique_ptr<SizeKeeper> keeper_;  // last: its thread ends first
};

/// "<folder>/<args_id>"
std::string entry_of(const CachedFunction& function, const std::string& args_id);

}  // namespace detail
}  // namespace joblib
