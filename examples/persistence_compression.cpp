// How files are compressed.

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <joblib/persistence.hpp>
#include <string>
#include <vector>

int main() {
  std::vector<std::int64_t> squares(100'000);
  for (std::size_t i = 0; i < squares.size(); ++i)
    squares[i] = static_cast<std::int64_t>(i * i / 1000);

  // [extension]
  joblib::dump(squares, "squares.pkl.bz2");
  // [extension]

  // [compress]
  joblib::dump(squares, "squares.zlib", {.compress = true});         // zlib, level 3
  joblib::dump(squares, "squares.zlib9", {.compress = 9});           // zlib, level 9
  joblib::dump(squares, "squares.gzip", {.compress = "gzip"});       // its default level
  joblib::dump(squares, "squares.xz.pkl", {.compress = {"xz", 2}});  // and any other one
  joblib::dump(squares, "squares.gz", {.compress = {"zlib", 0}});    // not compressed at all
  // [compress]

  // [threads]
  joblib::dump(squares, "squares.pkl.gz", {.compress = 6, .n_threads = -1});  // on all cores
  const auto read = joblib::load<std::vector<std::int64_t>>("squares.pkl.gz", {.n_threads = -1});
  // [threads]

  std::cout << std::boolalpha << (read == squares) << '\n';
  for (const char* name : {"squares.pkl.bz2", "squares.zlib", "squares.zlib9", "squares.gzip",
                           "squares.xz.pkl", "squares.gz", "squares.pkl.gz"}) {
    const bool small = std::filesystem::file_size(name) < 400'000;
    const bool equal = joblib::load<std::vector<std::int64_t>>(name) == squares;
    std::cout << name << (small ? " is small" : " is large")
              << (equal ? "\n" : ", and different\n");
    std::filesystem::remove(name);
  }
}
