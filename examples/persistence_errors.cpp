// What goes wrong, and how it is told.

#include <filesystem>
#include <iostream>
#include <joblib/persistence.hpp>
#include <map>
#include <string>
#include <variant>
#include <vector>

using Table = std::map<std::string, std::vector<double>>;

// [report]
void try_to_load(const std::string& path) {
  try {
    std::cout << joblib::load<Table>(path).size() << " columns\n";
  } catch (const joblib::Error& error) {
    switch (error.code()) {
      case joblib::errc::not_found:
        std::cout << "there is none yet\n";
        return;
      case joblib::errc::corrupt_data:
        std::cout << "it is damaged: " << error.what() << '\n';
        return;
      default:
        std::cout << error.what() << '\n';
    }
  }
}
// [report]

int main() {
  try_to_load("no_such_table.pkl");

  joblib::dump(Table{{"height", {1.6, 1.7}}}, "table.pkl.gz");
  try_to_load("table.pkl.gz");
  std::filesystem::resize_file("table.pkl.gz", std::filesystem::file_size("table.pkl.gz") - 20);
  try_to_load("table.pkl.gz");

  // [mismatch]
  using Mixed = std::map<std::string, std::variant<std::vector<double>, std::vector<std::string>>>;
  joblib::dump(
      Mixed{{"height", std::vector<double>{1.6}}, {"name", std::vector<std::string>{"Ada", "Bob"}}},
      "mixed.pkl");
  try_to_load("mixed.pkl");
  // [mismatch]
}
