// A store of one's own: all items in one folder, an item named "f/3a/output.pkl" in a file named
// "f%2F3a%2Foutput.pkl". Buckets and key-value stores, which have no folders either, are like this.

#include "flat_store.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <joblib/core/error.hpp>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace fs = std::filesystem;

namespace {

// [names]
std::string escaped(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (c == '/') {
      result += "%2F";
    } else if (c == '%') {
      result += "%25";
    } else {
      result += c;
    }
  }
  return result;
}

std::string unescaped(std::string_view file) {
  std::string result;
  while (!file.empty()) {
    const bool is_escape = file.front() == '%';
    result += !is_escape ? file.front() : file.starts_with("%2F") ? '/' : '%';
    file.remove_prefix(is_escape ? 3 : 1);
  }
  return result;
}
// [names]

[[noreturn]] void fail(const std::string& action, const fs::path& path) {
  throw joblib::Error(joblib::errc::io_error,
                      "Can't " + action + " '" + path.string() + "' of a flat store.");
}

// [streams]
class Source final : public joblib::ByteSource {
 public:
  explicit Source(const fs::path& path) : path_(path), file_(path, std::ios::binary) {}

  bool is_open() const { return file_.is_open(); }

  std::size_t read(std::span<std::byte> buffer) override {
    file_.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
    if (file_.bad()) fail("read", path_);
    return static_cast<std::size_t>(file_.gcount());
  }

 private:
  fs::path path_;
  std::ifstream file_;
};

// Writes to a file of another name, which finish() renames.
class Sink final : public joblib::ByteSink {
 public:
  Sink(fs::path path, fs::path temporary)
      : path_(std::move(path)),
        temporary_(std::move(temporary)),
        file_(temporary_, std::ios::binary) {
    if (!file_) fail("write to", path_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() override {
    std::error_code ignored;
    fs::remove(temporary_, ignored);  // which is gone if it was renamed
  }

  void write(std::span<const std::byte> bytes) override {
    if (!file_.write(reinterpret_cast<const char*>(bytes.data()),
                     static_cast<std::streamsize>(bytes.size()))) {
      fail("write to", path_);
    }
  }

  void finish() override {
    file_.close();
    std::error_code error;
    if (file_) fs::rename(temporary_, path_, error);
    if (!file_ || error) fail("write to", path_);
  }

 private:
  fs::path path_;
  fs::path temporary_;
  std::ofstream file_;
};
// [streams]

// [store]
class FlatStore final : public joblib::StoreBackend {
 public:
  explicit FlatStore(fs::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) fail("make the folder", folder_);
  }

  std::string location() const override { return folder_.string(); }

  std::unique_ptr<joblib::ByteSource> open(const std::string& name) override {
    auto source = std::make_unique<Source>(path_of(name));
    if (source->is_open()) {
      touch(name);
      return source;
    }
    if (errno != ENOENT) fail("open", path_of(name));
    return nullptr;
  }

  std::unique_ptr<joblib::ByteSink> create(const std::string& name) override {
    static std::atomic<int> count = 0;
    const std::string writer = std::to_string(getpid()) + "-" + std::to_string(++count);
    return std::make_unique<Sink>(path_of(name), folder_ / (".writing-" + writer));
  }

  bool exists(const std::string& name) override {
    std::error_code ignored;
    return fs::exists(path_of(name), ignored);
  }

  void list(const std::string& folder,
            const std::function<bool(const joblib::StoreItem&)>& visit) override {
    if (!folder.empty()) joblib::check_item_name(folder);
    const std::string prefix = folder.empty() ? "" : escaped(folder + "/");
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string file = entry->path().filename().string();
      if (file.starts_with('.') || !file.starts_with(prefix)) continue;
      std::error_code gone;
      const joblib::StoreItem item = {.name = unescaped(file),
                                      .size = entry->file_size(gone),
                                      .last_access = time_of(entry->last_write_time(gone))};
      if (!gone && !visit(item)) return;
    }
    if (error) fail("list", folder_);
  }

  void remove(const std::string& name) override {
    std::error_code error;
    if (!name.empty()) fs::remove(path_of(name), error);
    if (error) fail("remove", path_of(name));
    list(name, [this](const joblib::StoreItem& item) {
      remove(item.name);
      return true;
    });
  }

  void touch(const std::string& name) override {
    std::error_code ignored;
    fs::last_write_time(path_of(name), fs::file_time_type::clock::now(), ignored);
  }

 private:
  fs::path path_of(const std::string& name) const {
    joblib::check_item_name(name);
    return folder_ / escaped(name);
  }

  static std::chrono::system_clock::time_point time_of(fs::file_time_type time) {
    return std::chrono::time_point_cast<std::chrono::system_clock::duration>(
        fs::file_time_type::clock::to_sys(time));
  }

  fs::path folder_;
};
// [store]

}  // namespace

// [factory]
std::shared_ptr<joblib::StoreBackend> make_flat_store(const std::string& location,
                                                      const joblib::StoreOptions& options) {
  if (!options.empty()) {
    throw joblib::Error(joblib::errc::invalid_argument,
                        "The store 'flat' has no option '" + options.begin()->first + "'.");
  }
  return std::make_shared<FlatStore>(location);
}
// [factory]
