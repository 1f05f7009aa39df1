// What is printed, as joblib prints it, by verbosity.

#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tools.hpp"

namespace joblib::test {
namespace {

using namespace std::string_literals;

using Columns = std::map<std::string, std::vector<double>>;
std::size_t count_columns(const Columns& columns) { return columns.size(); }

std::size_t size_of(const Object& object) { return object.size(); }

std::string join(const std::string& a, const std::string& /*b*/) { return a; }

// What goes to std::cout, a line each.
std::vector<std::string> printed(const std::function<void()>& action) {
  std::string text;
  const SinkGuard guard([&](const LogRecord& record) {
    if (&record.stream == &std::cout) text.append(record.text) += '\n';
  });
  action();
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

bool matches(const std::string& line, const std::string& pattern) {
  UNSCOPED_INFO(line);
  return std::regex_match(line, std::regex(pattern));
}

const std::string rule(80, '_');
const std::string time_pattern = R"(\d+\.\ds, \d+\.\dmin)";

struct Verbose : CacheFolder {
  auto cached(int verbose) const { return memory.cache("a/b/f", square, {.verbose = verbose}); }
};

}  // namespace

TEST_CASE_METHOD(Verbose, "A computation is printed before and after it") {
  const auto lines = printed([&] { cached(1)(3); });
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == rule);
  CHECK(lines[1] == "[Memory] Calling a.b.f...");
  CHECK(lines[2] == "f(3)");
  CHECK(matches(lines[3], "_+f - " + time_pattern));
  CHECK(lines[3].size() == 80);
  CHECK(printed([&] { cached(1)(3); }).empty());
  CHECK(printed([&] { cached(0)(4); }).empty());
}

TEST_CASE_METHOD(Verbose, "Without its own verbosity a function has that of its Memory") {
  const Memory loud(folder.root());
  CHECK(printed([&] { loud.cache("g", square)(3); }).size() == 4);
  CHECK(printed([&] { loud.cache("g", square, {.verbose = 0})(4); }).empty());
}

TEST_CASE_METHOD(Verbose, "A result that is read is printed") {
  cached(0)(3);
  auto lines = printed([&] { cached(2)(3); });
  REQUIRE(lines.size() == 1);
  CHECK(matches(lines[0], R"(\[Memory\])" + time_pattern + R"( *: Loading f\.\.\.)"));
  CHECK(lines[0].find(": Loading") == std::string("[Memory]").size() + 16);
  lines = printed([&] { cached(5)(3); });
  REQUIRE(lines.size() == 2);
  CHECK(matches(lines[1], "_+f cache loaded - " + time_pattern));
  CHECK(lines[1].size() == 80);
  lines = printed([&] { cached(10)(3); });
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(": Loading f from " + entry().string()));
}

TEST_CASE_METHOD(Verbose, "A mapped result that is read is printed, too") {
  const auto mapped = memory.cache("f", square, {.verbose = 2, .mmap_mode = MmapMode::r});
  CHECK(printed([&] { mapped(3); }).back().ends_with(": Loading f(*=[3], **={})..."));
  CHECK(printed([&] { mapped(3); }).size() == 1);
}

TEST_CASE_METHOD(Verbose, "Above 10 it is printed where a result is kept") {
  std::vector<std::string> lines;
  const auto warnings = logged(LogLevel::warning, [&] { cached(11)(3); });
  const fs::path place = entry();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("Computing func f, argument hash " + place.filename().string() +
                         " in location " + place.parent_path().string()) != std::string::npos);
  lines = printed([&] { cached(11).call(3); });
  REQUIRE(lines.size() == 5);
  CHECK(lines[3] == "Persisting in " + place.string());
  const Memory loud(folder.root(), {.verbose = 11});
  lines = printed([&] { loud.reduce_size({.items_limit = 0}); });
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("Deleting item") == 0);
}

TEST_CASE_METHOD(Verbose, "From 20 on each call tells what it looks for, and where") {
  const std::string text = "Querying a.b.f with signature\nf(3).\n\n(argument hash ";
  for (const bool shelves : {false, true}) {
    CAPTURE(shelves);
    std::vector<std::string> infos;
    printed([&] { cached(19)(3); });
    const std::string end = entry().filename().string() + ")\n\nThe store location is " +
                            entry().parent_path().string();
    infos = logged(LogLevel::info, [&] {
      if (shelves) {
        cached(20).call_and_shelve(3);
      } else {
        cached(20)(3);
      }
    });
    CHECK(std::ranges::count(infos, text + end + ".\n") == 1);
  }
  CHECK(logged(LogLevel::info, [&] { cached(0)(3); }).empty());
}

TEST_CASE_METHOD(Verbose, "A shelved result is as loud as a function of one level less") {
  cached(0)(3);
  const auto lines = printed([&] { cached(3).call_and_shelve(3).get(); });
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with(": Loading f(*=[3], **={})..."));
  CHECK(printed([&] { cached(2).call_and_shelve(3).get(); }).empty());
}

TEST_CASE_METHOD(Verbose, "To clear results is told unless all is quiet") {
  CHECK(logged(LogLevel::warning, [&] { cached(1).clear(); }) ==
        std::vector<std::string>{"Clearing function cache identified by a/b/f"});
  CHECK(logged(LogLevel::warning, [&] { cached(0).clear(); }).empty());
  CHECK(logged(LogLevel::warning, [&] { Memory(folder.root()).clear(); }) ==
        std::vector<std::string>{"Flushing completely the cache"});
  CHECK(logged(LogLevel::warning, [&] { memory.clear(); }).empty());
}

TEST_CASE_METHOD(Verbose, "Long arguments are shortened and broken") {
  const auto joined = memory.cache("join", join, {.verbose = 1});
  auto lines = printed([&] { joined("a", "b"); });
  CHECK(lines.at(2) == "join('a', 'b')");
  lines = printed([&] { joined(std::string(90, 'a'), "b"); });
  CHECK(lines.at(2) == "join('" + std::string(90, 'a') + "', ");
  CHECK(lines.at(3) == "'b')");
  std::string accents;
  for (int i = 0; i < 1600; ++i) accents += "\xc3\xa9";
  lines = printed([&] { joined(accents, "b"); });
  CHECK(lines.at(2) == "join('" + accents.substr(0, 2 * 699) + "..., ");
  lines = printed([&] { joined(std::string(1600, 'a'), "b"); });
  CHECK(lines.at(2) == "join('" + std::string(699, 'a') + "..., ");
}

TEST_CASE_METHOD(Verbose, "Large arguments are laid out in lines, and arrays summarized") {
  const auto counted = memory.cache("count", count_columns, {.verbose = 1});
  const Columns columns{{"first", std::vector<double>(65)}, {"second", {1.0 / 3, 1e-9, 1e9}}};
  auto lines = printed([&] { counted(columns); });
  CHECK(lines.at(2) == "count({ 'first': array([0., ..., 0.]),");
  CHECK(lines.at(3) == "  'second': array([3.333333e-01, 1.000000e-09, 1.000000e+09])})");
}

TEST_CASE_METHOD(Verbose, "Keys of several types are sorted by type, and cycles end") {
  const auto shown = [&](const Object& argument) {
    const auto sized = memory.cache("size", size_of, {.verbose = 1});
    return printed([&] { sized(argument); }).at(2);
  };
  CHECK(shown(Object::dict({{Object(2), Object(1)}, {Object("a"), Object(1)}, {Object(1), {}}})) ==
        "size({1: None, 2: 1, 'a': 1})");
  // [itself] under a long key
  const std::string key(90, 'k');
  CHECK(shown(loads("\x80\2}X\x5a\0\0\0"s + key + "]q\0h\0as."s)) ==
        "size({ '" + key + "': [ [[...]]]})");
}

}  // namespace joblib::test
