#pragma once

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace joblib {

namespace detail {
struct TypeIdentity;
}

/// The type of an array's elements, as numpy describes it. A value, cheap to copy.
class dtype {
 public:
  enum class Kind : char {
    boolean = 'b',
    signed_integer = 'i',
    unsigned_integer = 'u',
    floating = 'f',
    complex = 'c',
    timedelta = 'm',
    datetime = 'M',
    object = 'O',
    bytes = 'S',
    str = 'U',
    raw = 'V',  ///< void: plain bytes, or a structure where there are fields
  };

  /// A member of a structure; `title` is empty where there is none.
  struct Field;
  /// The element of a sub-array field and its shape.
  struct SubArray;
  /// Of datetime64 and timedelta64, e.g. {"ns", 1}, {"s", 25}; {"generic", 1} where there is none.
  struct TimeUnit {
    std::string name;
    std::int64_t count = 1;
    friend bool operator==(const TimeUnit&, const TimeUnit&) = default;
  };

  dtype();  ///< float64, as in numpy

  /// numpy's text of a type without fields: "float64", "f8", "<f8", ">i4", "?", "S5", "<U3", "V3",
  /// "M8[ns]", "<m8[25s]", "O", "longdouble", and its letters for C types, as "d" and "i". Throws
  /// Error for other text.
  dtype(std::string_view text);
  dtype(const char* text) : dtype(std::string_view(text)) {}
  dtype(std::nullptr_t) = delete;

  /// A structure; fields may overlap. Throws Error where fields lie outside of `itemsize`, names or
  /// titles repeat, or types are nested too deeply.
  static dtype structure(std::vector<Field> fields, std::size_t itemsize, std::size_t alignment = 1,
                         bool aligned = false);
  /// `shape` elements in a row, as the type of one field; the element itself where `shape` is
  /// empty. Throws Error where they are too many.
  static dtype sub_array(dtype element, std::vector<std::size_t> shape);

  /// Of a C++ type: bool, arithmetic types, std::complex, std::byte (unsigned 8 bits).
  template <class T>
  static const dtype& of();

  Kind kind() const noexcept;
  std::size_t itemsize() const noexcept;  ///< bytes
  std::size_t alignment() const noexcept;
  /// '<' or '>'; '|' where there is no order: single bytes, bytes, raw, objects.
  char byte_order() const noexcept;
  bool is_native() const noexcept;  ///< no part of it is of the other byte order
  bool has_objects() const noexcept;
  bool is_aligned() const noexcept;  ///< of structures: padded as a C compiler does
  bool is_record() const noexcept;   ///< of structures: elements are numpy.record
  std::span<const Field> fields() const noexcept;
  const SubArray* sub_array() const noexcept;  ///< null unless it is one
  const TimeUnit& time_unit() const noexcept;

  /// The same with every order reversed, in fields as well.
  dtype byte_swapped() const;
  /// The same with this machine's order, in fields as well.
  dtype native() const;
  /// The same structure with elements of numpy.record, or without.
  dtype as_record(bool record) const;

  /// numpy's `str`: "<f8", "|S5", "<M8[ns]"; of structures "|V24".
  std::string str() const;
  /// numpy's `name`: "float64", "bytes40", "datetime64[ns]", "void192".
  std::string name() const;
  /// As Python prints it: "dtype('float64')", "dtype([('a', '<f8'), ('b', '<i4', (2,))])".
  std::string repr() const;

  /// Whether elements are the same bytes with the same meaning, and fields the same names, titles
  /// and offsets; alignment and numpy.record play no part.
  friend bool operator==(const dtype& left, const dtype& right);

 private:
  friend struct detail::TypeIdentity;
  struct Data;
  explicit dtype(Data data);
  static const dtype& number(Kind kind, std::size_t itemsize);
  static Data parse(std::string_view text);
  static Data scalar(Kind kind, std::size_t itemsize, char order);
  dtype reordered(bool only_foreign) const;
  std::string construction(bool brief) const;

  std::shared_ptr<const Data> data_;
};

struct dtype::Field {
  std::string name;
  dtype type;
  std::size_t offset = 0;  ///< bytes
  std::string title = {};
  friend bool operator==(const Field&, const Field&) = default;
};

struct dtype::SubArray {
  dtype element;
  std::vector<std::size_t> shape;
  friend bool operator==(const SubArray&, const SubArray&) = default;
};

namespace detail {

/// Hashes and compares types as numpy's objects: those of native numbers and of objects are one
/// object each; others are the same object where they are copies.
struct TypeIdentity {
  std::size_t operator()(const dtype& type) const noexcept;
  bool operator()(const dtype& left, const dtype& right) const noexcept;
};

template <class T>
inline constexpr bool is_complex = false;
template <std::floating_point Real>
inline constexpr bool is_complex<std::complex<Real>> = true;

/// The C++ types that are elements of arrays.
template <class T>
concept ArrayElement = (std::integral<T> && sizeof(T) <= 8) || std::floating_point<T> ||
                       is_complex<T> || std::same_as<T, std::byte>;

}  // namespace detail

template <class T>
const dtype& dtype::of() {
  static_assert(detail::ArrayElement<T>, "there is no numpy type for this C++ type");
  using enum Kind;
  constexpr Kind kind = std::same_as<T, bool>     ? boolean
                        : std::floating_point<T>  ? floating
                        : detail::is_complex<T>   ? complex
                        : std::signed_integral<T> ? signed_integer
                                                  : unsigned_integer;
  return number(kind, sizeof(T));
}

}  // namespace joblib
