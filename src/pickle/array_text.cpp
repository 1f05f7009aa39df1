#include "array_text.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "array_words.hpp"
#include "float_text.hpp"
#include "joblib/core/detail/utf8.hpp"

namespace joblib::detail {
namespace {

using Words = std::vector<std::string>;

// How numpy names a type behind the elements.
std::string short_name(const dtype& type) {
  if (!type.fields().empty()) {
    const std::string repr = type.repr();
    constexpr std::string_view front = "dtype(";
    return repr.substr(front.size(), repr.size() - front.size() - 1);
  }
  using enum dtype::Kind;
  if (type.kind() == bytes || type.kind() == str || type.kind() == raw)
    return '\'' + type.str() + '\'';
  std::string name = type.name();
  return name.find('[') == name.npos ? name : '\'' + name + '\'';
}

// "s", "25s"
std::string unit_text(const dtype::TimeUnit& unit) {
  return (unit.count == 1 ? "" : std::to_string(unit.count)) + unit.name;
}

// Whether the elements tell the type.
bool is_implied(const dtype& type) {
  if (!type.fields().empty()) return false;
  using enum dtype::Kind;
  const std::size_t size = type.itemsize();
  return type.kind() == boolean || (type.kind() == signed_integer && size == 8) ||
         (type.kind() == floating && size == 8) || (type.kind() == complex && size == 16);
}

/// Which elements of an array are shown, and how they are laid out in lines.
class Layout {
 public:
  Layout(const Array& array, const PrintOptions& options)
      : array_(array), edge_(options.edgeitems), is_summarized_(array.size() > options.threshold) {}

  /// The places of the elements that are shown, in bytes from the first one; `most` of them.
  std::vector<std::ptrdiff_t> places(std::size_t most) const {
    std::vector<std::ptrdiff_t> places;
    add_places(places, most, 0, 0);
    return places;
  }

  /// Their words, in brackets and lines of at most `width` characters, all but the first one
  /// indented.
  std::string put(const Words& words, std::size_t indent, std::size_t width) const {
    std::span<const std::string> rest = words;
    return put_axis(rest, 0, std::string(indent, ' '), width);
  }

 private:
  bool shortens(std::size_t axis) const { return is_summarized_ && array_.shape[axis] > 2 * edge_; }
  // The number of indices shown on both sides of the gap; without one, all are on its right.
  std::pair<std::size_t, std::size_t> shown(std::size_t axis) const {
    if (shortens(axis)) return {edge_, edge_};
    return {0, array_.shape[axis]};
  }

  void add_places(std::vector<std::ptrdiff_t>& places, std::size_t most, std::size_t axis,
                  std::ptrdiff_t place) const {
    if (axis == array_.ndim()) return places.push_back(place);
    const auto [left, right] = shown(axis);
    for (std::size_t i = 0; i < array_.shape[axis] && places.size() < most; ++i) {
      if (i == left) i = array_.shape[axis] - right;
      add_places(places, most, axis + 1,
                 place + static_cast<std::ptrdiff_t>(i) * array_.strides[axis]);
    }
  }

  static const std::string& next(std::span<const std::string>& words) {
    const std::string& word = words.front();
    words = words.subspan(1);
    return word;
  }

  std::string put_axis(std::span<const std::string>& words, std::size_t axis,
                       const std::string& indent, std::size_t width) const {
    if (axis == array_.ndim()) return next(words);
    const std::size_t inner_width = width - std::min<std::size_t>(width, 1);
    std::string text = axis + 1 == array_.ndim() ? put_row(words, axis, indent, inner_width)
                                                 : put_rows(words, axis, indent, inner_width);
    text.replace(0, indent.size(), "[");
    return text + ']';
  }

  std::string put_rows(std::span<const std::string>& words, std::size_t axis,
                       const std::string& indent, std::size_t width) const {
    const std::string separator = ',' + std::string(array_.ndim() - axis - 1, '\n');
    const auto [left, right] = shown(axis);
    std::string text;
    for (std::size_t i = 0; i < left + right && !words.empty(); ++i) {
      if (i > 0) text += separator;
      if (i == left && left > 0) (text += indent).append("...").append(separator);
      (text += indent) += put_axis(words, axis + 1, indent + ' ', width);
    }
    return text;
  }

  std::string put_row(std::span<const std::string>& words, std::size_t axis,
                      const std::string& indent, std::size_t width) const {
    const auto [left, right] = shown(axis);
    Lines lines(indent, width);
    for (std::size_t i = 0; i < left + right && !words.empty(); ++i) {
      if (i > 0) lines.separate();
      if (i == left && left > 0) {
        lines.add("...");
        lines.separate();
      }
      lines.add(next(words));
    }
    return std::move(lines).text();
  }

  // Words in lines.
  class Lines {
   public:
    Lines(const std::string& indent, std::size_t width)
        : indent_(indent), width_(width), line_(indent) {}

    void separate() { line_ += ", "; }

    void add(std::string_view word) {
      std::size_t longest = 0;
      for_each_line(word, [&](std::string_view line) {
        longest = std::max(longest, count_characters(line));
      });
      if (count_characters(line_) + longest > width_ && line_.size() > indent_.size())
        end_line(indent_);
      const std::string indent(count_characters(line_), ' ');
      bool is_first = true;
      std::size_t last = 0;
      for_each_line(word, [&](std::string_view line) {
        if (!std::exchange(is_first, false)) end_line(indent);
        line_ += line;
        last = count_characters(line);
      });
      line_.append(longest - last, ' ');
    }

    std::string text() && { return text_ + line_; }

   private:
    static void for_each_line(std::string_view word, const auto& use) {
      for (std::size_t end = 0; (end = word.find('\n')) != word.npos; word.remove_prefix(end + 1))
        use(word.substr(0, end));
      use(word);
    }

    void end_line(const std::string& indent) {
      text_.append(line_, 0, line_.find_last_not_of(' ') + 1) += '\n';
      line_ = indent;
    }

    const std::string& indent_;
    std::size_t width_;
    std::string text_ = {}, line_;
  };

  const Array& array_;
  std::size_t edge_;
  bool is_summarized_;
};

// The elements that are shown, one after the other.
Array gathered(const Array& array, std::span<const std::ptrdiff_t> places) {
  const std::size_t itemsize = array.type.itemsize();
  Array shown{.type = array.type, .shape = {places.size()}};
  if (array.ndim() == 0) shown.shape.clear();
  shown.strides = contiguous_strides(shown.shape, itemsize, Order::C);
  shown.data = allocate_elements(shown.nbytes());
  std::byte* next = shown.data.get();
  for (const std::ptrdiff_t place : places) {
    std::memcpy(next, array.data.get() + place, itemsize);
    next += itemsize;
  }
  return shown;
}

Words words_of_objects(const ArrayNode& node, std::span<const std::ptrdiff_t> places,
                       std::size_t most, const ObjectRepr& repr) {
  Words words;
  std::size_t size = 0;
  for (const std::ptrdiff_t place : places) {
    if (size > most) break;
    const auto position = static_cast<std::size_t>(place) / node.array.type.itemsize();
    const Value& object = node.objects.items[position];
    const bool is_list = object.tag() == Tag::list;
    const std::string text = repr(object, most - size);
    words.push_back(is_list ? "list(" + text + ')' : text);
    size += words.back().size() + 1;  // and a comma
  }
  return words;
}

}  // namespace

std::string array_repr(const ArrayNode& node, const PrintOptions& options, std::size_t most,
                       const ObjectRepr& repr) {
  constexpr std::size_t line_width = 75, longest_name = 200;
  // How numbers are formatted depends on all of them, also on those that are cut off.
  const std::size_t enough = std::max<std::size_t>(most, 10'000);
  Array array = node.array;
  if (array.type.has_objects())
    array.strides = contiguous_strides(array.shape, array.type.itemsize(), Order::C);
  const std::string front =
      (node.subclass == nullptr
           ? "array"
           : std::string(first_characters(node.subclass->name.text(), longest_name))) +
      '(';
  const bool is_empty = array.size() == 0;
  std::string text = front;
  if (is_empty) {
    text += "[]";
    if (array.ndim() != 1) text += ", shape=" + tuple_text(array.shape);
  } else {
    const Layout layout(array, options);
    const std::vector<std::ptrdiff_t> places = layout.places(enough + 1);
    const Words words = array.type.has_objects()
                            ? words_of_objects(node, places, most, repr)
                            : words_of(gathered(array, places), options, enough);
    text += layout.put(words, front.size() + 1, line_width - 1);
  }
  if (!is_empty && is_implied(array.type)) return text + ')';
  const std::string type = "dtype=" + short_name(array.type) + ')';
  const std::size_t last_line = count_characters(text.substr(text.rfind('\n') + 1)) + 1;
  const bool fits = last_line + type.size() + 1 <= line_width;
  return text + (fits ? ", " : ",\n" + std::string(front.size(), ' ')) + type;
}

std::string scalar_repr(const Array& scalar, const PrintOptions& options, std::size_t most) {
  using enum dtype::Kind;
  const dtype& type = scalar.type;
  switch (type.kind()) {
    case floating: {
      long double number = 0;
      convert(scalar, dtype::of<long double>(), Order::C, reinterpret_cast<std::byte*>(&number));
      return format_real(number, type.itemsize());
    }
    case complex: {
      std::array<long double, 2> parts{};
      convert(scalar, dtype::of<std::complex<long double>>(), Order::C,
              reinterpret_cast<std::byte*>(parts.data()));
      return format_complex(parts[0], parts[1], type.itemsize() / 2);
    }
    case datetime:
    case timedelta: {
      const std::string word = words_of(scalar, options, most)[0];
      const dtype::TimeUnit& unit = type.time_unit();
      const bool tells_unit =
          type.kind() == timedelta ? unit.name != "generic" : unit.count != 1 || unit.name == "h";
      return "numpy." + std::string(type.kind() == datetime ? "datetime64(" : "timedelta64(") +
             word + (tells_unit ? ",'" + unit_text(unit) + "')" : ")");
    }
    case raw:
      if (type.fields().empty()) return "void(" + words_of(scalar, options, most)[0] + ')';
      [[fallthrough]];
    default:
      return words_of(scalar, options, most)[0];
  }
}

}  // namespace joblib::detail
