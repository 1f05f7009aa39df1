#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "joblib/core/detail/utf8.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "represent.hpp"

namespace joblib::detail {
namespace {

std::string quoted(std::string_view text, bool is_bytes) {
  std::string result = is_bytes ? "b" : "";
  append_quoted(result, text, is_bytes);
  return result;
}

int width_of(std::string_view text) { return static_cast<int>(count_characters(text)); }

// Cuts text behind what `size_of(rest)` says is the first piece of the rest.
std::vector<std::string_view> pieces(std::string_view text, auto size_of) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t size = size_of(text);
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

// With their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  return pieces(text, [](std::string_view rest) {
    const std::size_t end = rest.find_first_of("\n\r\v\f\x1c\x1d\x1e");
    if (end == rest.npos) return rest.size();
    return end + (rest.substr(end).starts_with("\r\n") ? 2 : 1);
  });
}

// With the space behind them.
std::vector<std::string_view> words_in(std::string_view line) {
  return pieces(line, [](std::string_view rest) {
    constexpr std::string_view space = " \t\n\r\v\f\x1c\x1d\x1e\x1f";
    const std::size_t end = rest.find_first_of(space);
    return std::min(rest.size(), rest.find_first_not_of(space, end));
  });
}

// Puts pieces together into literals of at most `width` characters, the last one of at most
// `last_width`.
void join(std::vector<std::string>& literals, const std::vector<std::string_view>& pieces,
          int width, int last_width, bool is_bytes) {
  std::string literal;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string candidate = literal + std::string(pieces[i]);
    const int most = i + 1 == pieces.size() ? last_width : width;
    if (width_of(quoted(candidate, is_bytes)) <= most) {
      literal = candidate;
      continue;
    }
    if (!literal.empty()) literals.push_back(quoted(literal, is_bytes));
    literal = pieces[i];
  }
  if (!literal.empty()) literals.push_back(quoted(literal, is_bytes));
}

class PrettyPrinter {
 public:
  explicit PrettyPrinter(std::size_t most) : most_(most) {}

  std::string of(const Value& value) {
    put(value, 0, 0, 0);
    return std::move(text_);
  }

 private:
  static constexpr int width = 80;
  static constexpr int indentation = 2;
  static constexpr std::size_t depth = 3;
  static constexpr std::size_t most_indented = 100;  // levels

  bool full() const { return text_.size() > most_; }

  // In one line.
  std::string line(const Value& value, std::size_t level) {
    return represent(value, most_,
                     {.arrays = {.precision = 6, .threshold = 64, .edgeitems = 1},
                      .dicts = &dicts_,
                      .levels = depth - std::min(depth, level)});
  }

  // `allowance`: characters that must fit behind the value.
  void put(const Value& value, int indent, int allowance, std::size_t level) {
    const int most = width - indent - allowance;
    const std::string text = line(value, level);
    const void* const identity = value.identity();
    const bool is_inside_itself =
        identity != nullptr && std::ranges::find(ancestors_, identity) != ancestors_.end();
    if (width_of(text) > most && !is_inside_itself && ancestors_.size() < most_indented) {
      ancestors_.push_back(identity);
      const bool done = put_in_lines(value, indent, allowance, level + 1);
      ancestors_.pop_back();
      if (done) return;
    }
    text_ += text;
  }

  // False for what pprint does not break.
  bool put_in_lines(const Value& value, int indent, int allowance, std::size_t level) {
    if (value.tag() == Tag::str && value.text().empty()) return false;
    const bool is_set = value.tag() == Tag::set || value.tag() == Tag::frozenset;
    if (is_set && value.sequence().size == 0) return false;
    switch (value.tag()) {
      case Tag::str:
        put_text(value.text(), indent, allowance, level);
        return true;
      case Tag::bytes:
        put_bytes(value.text(), indent, allowance, level);
        return true;
      case Tag::bytearray:
        text_ += "bytearray(";
        put_bytes(value.text(), indent + 10, allowance + 1, level + 1);
        text_ += ')';
        return true;
      case Tag::list:
        put_items("[", value.sequence().span(), "]", indent, allowance, level);
        return true;
      case Tag::tuple:
        put_items("(", value.sequence().span(), value.sequence().size == 1 ? ",)" : ")", indent,
                  allowance, level);
        return true;
      case Tag::set:
        put_items("{", sorted(value.sequence().span()), "}", indent, allowance, level);
        return true;
      case Tag::frozenset:
        put_items("frozenset({", sorted(value.sequence().span()), "})", indent + 10, allowance,
                  level);
        return true;
      case Tag::dict:
        put_entries(dicts_.of(value.dict()), indent, allowance + 1, level);
        return true;
      default:
        return false;
    }
  }

  static std::vector<Value> sorted(std::span<const Value> items) {
    std::vector<Entry> entries;
    for (const Value& item : items) entries.push_back({item, {}});
    std::vector<Value> sorted;
    for (const Entry& entry : sorted_entries(entries)) sorted.push_back(entry.key);
    return sorted;
  }

  void end_line(int indent) { (text_ += ",\n").append(static_cast<std::size_t>(indent), ' '); }

  void put_items(std::string_view open, std::span<const Value> items, std::string_view close,
                 int indent, int allowance, std::size_t level) {
    (text_ += open).append(indentation - 1, ' ');
    const int last_allowance = allowance + width_of(close);
    for (std::size_t i = 0; i < items.size() && !full(); ++i) {
      if (i > 0) end_line(indent + indentation);
      const bool is_last = i + 1 == items.size();
      put(items[i], indent + indentation, is_last ? last_allowance : 1, level);
    }
    text_ += close;
  }

  void put_entries(std::span<const Entry> entries, int indent, int last_allowance,
                   std::size_t level) {
    (text_ += '{').append(indentation - 1, ' ');
    for (std::size_t i = 0; i < entries.size() && !full(); ++i) {
      if (i > 0) end_line(indent + indentation);
      const std::string key = line(entries[i].key, level);
      text_ += key + ": ";
      const bool is_last = i + 1 == entries.size();
      put(entries[i].value, indent + indentation + width_of(key) + 2, is_last ? last_allowance : 1,
          level);
    }
    text_ += '}';
  }

  // Literals one below the other; in parentheses if they are all there is.
  void put_literals(const std::vector<std::string>& literals, int indent, bool in_parentheses) {
    if (in_parentheses) text_ += '(';
    for (std::size_t i = 0; i < literals.size(); ++i) {
      if (i > 0) (text_ += '\n').append(static_cast<std::size_t>(indent), ' ');
      text_ += literals[i];
    }
    if (in_parentheses) text_ += ')';
  }

  void put_text(std::string_view text, int indent, int allowance, std::size_t level) {
    const bool alone = level == 1;
    indent += alone ? 1 : 0;
    allowance += alone ? 1 : 0;
    const int most = width - indent;
    std::vector<std::string> literals;
    const std::vector<std::string_view> lines = lines_of(first_characters(text, most_));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const int last = i + 1 == lines.size() ? most - allowance : most;
      if (std::string line = quoted(lines[i], false); width_of(line) <= last) {
        literals.push_back(std::move(line));
      } else {
        join(literals, words_in(lines[i]), most, last, false);
      }
    }
    put_literals(literals, indent, alone && literals.size() > 1);
  }

  void put_bytes(std::string_view text, int indent, int allowance, std::size_t level) {
    constexpr std::size_t step = 4;
    if (text.size() <= step) {
      text_ += quoted(text, true);
      return;
    }
    const bool alone = level == 1;
    indent += alone ? 1 : 0;
    allowance += alone ? 1 : 0;
    std::vector<std::string> literals;
    const int most = width - indent;
    const bool ends_in_piece = text.size() % step != 0;
    const auto parts = pieces(text.substr(0, most_),
                              [&](std::string_view rest) { return std::min(step, rest.size()); });
    join(literals, parts, most, ends_in_piece ? most - allowance : most, true);
    put_literals(literals, indent, alone);
  }

  std::size_t most_;
  std::string text_ = {};
  SortedDicts dicts_ = {};
  std::vector<const void*> ancestors_ = {};
};

}  // namespace

std::string pretty(const Value& value) {
  constexpr std::size_t longest = 1500, shortened = 700, bytes_of_character = 4;
  std::string text = PrettyPrinter(longest * bytes_of_character).of(value);
  if (count_characters(text) <= longest) return text;
  return std::string(first_characters(text, shortened)) + "...";
}

}  // namespace joblib::detail
