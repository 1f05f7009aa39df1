#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../measure.hpp"

/// The cases that every contender runs, each through calls of its own. A program runs the one case
/// named on its command line; a contender that has nothing for a case prints nothing. All write
/// their files into one folder, new ones each time, and read them back from the page cache.
namespace bench {

namespace fs = std::filesystem;

inline void require(bool condition, std::string_view contender) {
  if (condition) return;
  std::cerr << contender << ": wrong result\n";
  std::exit(1);
}

/// Memory that nothing has written to before.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t size) : items_(new T[size]), size_(size) {}
  T* data() const { return items_.get(); }
  std::size_t size() const { return size_; }

 private:
  std::unique_ptr<T[]> items_;
  std::size_t size_;
};

/// The bytes of a file as T's, which a Container of so many items takes.
template <typename T, typename Container = Buffer<T>>
Container read_file(const fs::path& path) {
  Container content(fs::file_size(path) / sizeof(T));
  std::ifstream file(path, std::ios::binary);
  const auto bytes = std::streamsize(content.size() * sizeof(T));
  require(!!file.read(reinterpret_cast<char*>(content.data()), bytes), path.string());
  return content;
}

/// Five small items.
struct Record {
  std::int64_t id;
  double value;
  std::string name;
  bool flag;
  std::int64_t count;
  bool operator==(const Record&) const = default;
};

/// A million items; the script for Python makes the same ones.
inline std::vector<Record> make_records() {
  constexpr std::int64_t n = 200'000;
  std::vector<Record> records;
  records.reserve(n);
  for (std::int64_t i = 0; i < n; ++i) {
    records.push_back({i, double(i) / 8, "record " + std::to_string(i), i % 3 == 0, i % 1000});
  }
  return records;
}

class Cases {
 public:
  Cases(int argc, char** argv) {
    if (argc != 3) {
      std::cerr << "usage: " << argv[0] << " CASE FOLDER\n";
      std::exit(2);
    }
    name_ = argv[1];
    folder_ = argv[2];
    const auto end = name_.find('_');
    if (end == std::string::npos) return;
    format_ = name_.substr(0, end);
    level_ = std::atoi(name_.c_str() + end + 1);
  }

  const std::string& name() const { return name_; }
  /// "gzip" and 3 in the case gzip_3_random; empty and 0 in cases without compression.
  const std::string& format() const { return format_; }
  int level() const { return level_; }

  /// dump(values, path) and load(path) -> values that have data() and size(), an uncompressed array
  /// of doubles. Bytes per second of both, and by how many bytes dump() raised the peak of resident
  /// memory.
  template <typename Dump, typename Load>
  void array(const std::string& contender, Dump dump, Load load) const {
    if (name_ != "array") return;
    const auto values = read_values();
    const auto path = folder_ / "array";
    report_memory(contender, [&] {
      time_dump("array_dump", contender, path, bytes(values), [&] { dump(values, path); });
    });
    time_load("array_load", contender, values, [&] { return load(path); });
  }

  /// write(values, path) and load(path), which is timed and reported as `quantity`.
  template <typename Write, typename Load>
  void array_load(const std::string& quantity, const std::string& contender, Write write,
                  Load load) const {
    if (name_ != "array") return;
    const auto values = read_values();
    write(values, folder_ / "array");
    time_load(quantity, contender, values, [&] { return load(folder_ / "array"); });
  }

  /// write(values, path) and map(path) -> the mapped values. Microseconds of map().
  template <typename Write, typename Map>
  void array_map(const std::string& contender, Write write, Map map) const {
    if (name_ != "array") return;
    const auto values = read_values();
    const auto path = folder_ / "array";
    write(values, path);
    auto seconds = time_calls(101, [&] { map(path); });
    require_equal(map(path), values, contender);
    for (double& s : seconds) s *= 1e6;
    report("array_map", contender, seconds);
  }

  /// The same as array() with compression, and the size of the file relative to that of the values.
  /// The file stays for inflate().
  template <typename Dump, typename Load>
  void compress(const std::string& contender, int n_threads, Dump dump, Load load) const {
    if (format_.empty()) return;
    const auto values = read_values();
    const auto threads = "_" + std::to_string(n_threads);
    const auto path = folder_ / "compressed";
    report_memory(contender, [&] {
      time_dump(name_ + "_dump" + threads, contender, path, bytes(values),
                [&] { dump(values, path); });
    });
    report(name_ + "_size", contender, {double(fs::file_size(path)) / bytes(values)});
    time_load(name_ + "_load" + threads, contender, values, [&] { return load(path); });
  }

  /// inflate(bytes, buffer) -> the size of what it has written to the buffer: the content of the
  /// file that joblib-cpp has left, in one thread. Bytes of the values per second.
  template <typename Inflate>
  void inflate(const std::string& contender, Inflate inflate) const {
    if (format_ != "zlib" && format_ != "gzip") return;
    const auto size = fs::file_size(folder_ / (name_ + ".values"));
    const auto seconds = time_long_calls(
        [] {},
        [&] {
          const auto bytes = read_file<unsigned char>(folder_ / "compressed");
          const Buffer<unsigned char> buffer(size + 4096);  // the pickle around the values is small
          require(inflate(bytes, buffer) > size, contender);
        });
    report(name_ + "_load_1", contender, rates(double(size), seconds));
  }

  /// dump(value, path) and load(path) -> an equal value: the records in one form, for which the
  /// quantities' names end with `form`. Milliseconds of both.
  template <typename Value, typename Dump, typename Load>
  void records(const std::string& form, const std::string& contender, const Value& value, Dump dump,
               Load load) const {
    const auto path = folder_ / "records";
    const auto report_ms = [&](const std::string& quantity, std::vector<double> seconds) {
      for (double& s : seconds) s *= 1e3;
      report(quantity + form, contender, seconds);
    };
    report_ms("records_dump",
              time_long_calls([&] { fs::remove(path); }, [&] { dump(value, path); }));
    std::optional<Value> loaded;
    report_ms("records_load",
              time_long_calls([&] { loaded.reset(); }, [&] { loaded = load(path); }));
    require(loaded == value, contender);
  }

 private:
  using Values = std::vector<double>;

  Values read_values() const { return read_file<double, Values>(folder_ / (name_ + ".values")); }

  static double bytes(const Values& values) { return double(values.size() * sizeof(double)); }

  static std::vector<double> rates(double bytes, std::vector<double> seconds) {
    for (double& s : seconds) s = bytes / s;
    return seconds;
  }

  template <typename Loaded>
  static void require_equal(const Loaded& loaded, const Values& values,
                            const std::string& contender) {
    require(std::equal(loaded.data(), loaded.data() + loaded.size(), values.begin(), values.end()),
            contender);
  }

  template <typename Run>
  void report_memory(const std::string& contender, Run run) const {
    const double before = reset_peak_resident_bytes();
    run();
    report(name_ + "_memory", contender, {peak_resident_bytes() - before});
  }

  template <typename Dump>
  static void time_dump(const std::string& quantity, const std::string& contender,
                        const fs::path& path, double bytes, Dump dump) {
    report(quantity, contender, rates(bytes, time_long_calls([&] { fs::remove(path); }, dump)));
  }

  template <typename Load>
  static void time_load(const std::string& quantity, const std::string& contender,
                        const Values& values, Load load) {
    std::optional<decltype(load())> loaded(load());  // a virtual machine gets its memory now
    auto seconds = time_long_calls([&] { loaded.reset(); }, [&] { loaded.emplace(load()); });
    require_equal(*loaded, values, contender);
    report(quantity, contender, rates(bytes(values), seconds));
  }

  std::string name_;
  std::string format_;
  int level_ = 0;
  fs::path folder_;
};

}  // namespace bench
