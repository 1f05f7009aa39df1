#include <cereal/archives/binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <variant>

#include "cases.hpp"

namespace bench {

template <typename Archive>
void serialize(Archive& archive, Record& record) {
  archive(record.id, record.value, record.name, record.flag, record.count);
}

}  // namespace bench

namespace {

using Variant = std::variant<std::int64_t, double, std::string, bool>;
using Dict = std::map<std::string, Variant>;

std::vector<Dict> to_dicts(const std::vector<bench::Record>& records) {
  std::vector<Dict> dicts;
  dicts.reserve(records.size());
  for (const auto& [id, value, name, flag, count] : records) {
    dicts.push_back(
        {{"id", id}, {"value", value}, {"name", name}, {"flag", flag}, {"count", count}});
  }
  return dicts;
}

template <typename Value>
Value load(const bench::fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Value value;
  cereal::BinaryInputArchive archive(file);
  archive(value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Cases cases(argc, argv);
  if (cases.name() != "records") return 0;
  const auto dump = [](const auto& value, const bench::fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    cereal::BinaryOutputArchive archive(file);
    archive(value);
  };
  const auto records = bench::make_records();
  cases.records("", "cereal", records, dump, load<std::vector<bench::Record>>);
  cases.records("_any", "cereal, variants", to_dicts(records), dump, load<std::vector<Dict>>);
}
