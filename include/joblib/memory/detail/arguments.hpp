#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "joblib/hashing/detail/hash_writer.hpp"
#include "joblib/memory/detail/result_cache.hpp"
#include "joblib/memory/detail/signature.hpp"
#include "joblib/pickle/detail/save.hpp"

namespace joblib::detail {

/// An argument as it is hashed: itself, if it is of the parameter's type, or is hashed already;
/// else what it is converted to.
template <class Parameter, class Argument>
using Kept = std::conditional_t<std::same_as<std::remove_cvref_t<Argument>, Parameter> ||
                                    is_hashed<Argument>,
                                std::remove_reference_t<Argument>&, Parameter>;

/// What a call in a thread of its own keeps of its arguments: copies, and the text itself of a view
/// of text, where the function takes what a text can become.
template <class F, class Decayed, class... Args>
struct KeptForLater;
template <class F, class... Parameter, class... Args>
struct KeptForLater<F, std::tuple<Parameter...>, Args...> {
  static_assert((!std::is_polymorphic_v<std::decay_t<Args>> && ...),
                "a cached function that returns a future gets a copy of its argument, which would "
                "lose what belongs to a derived class: give it by a smart pointer");
  template <class P, class T>
  static constexpr bool becomes_text =
      HasSignature<F> && std::is_constructible_v<P, std::string&> &&
      (std::same_as<T, std::string_view> || std::same_as<T, const char*> || std::same_as<T, char*>);
  using type = std::tuple<std::conditional_t<becomes_text<Parameter, std::decay_t<Args>>,
                                             std::string, std::decay_t<Args>>...>;
};

template <class Parameter, class Argument>
inline constexpr bool is_sliced =
    std::is_polymorphic_v<Parameter> && !std::same_as<Parameter, Argument> &&
    std::is_base_of_v<Parameter, Argument>;

/// Throws Error where names are given for another number of arguments.
void check_arity(const CachedFunction& function, std::size_t arguments);

/// As Python prints it, shortened where it is long.
template <class T>
std::string representation(const T& value, ShownIn place) {
  Document document;
  Machine machine(document, Machine::Arrays::borrowed);
  save(machine, value);
  constexpr std::size_t longest = 10'000;
  return place == ShownIn::message ? pretty(machine.finish())
                                   : represent(machine.finish(), longest);
}

/// The arguments of one call.
template <class Decayed, class... Args>
class Arguments;
template <class... Parameter, class... Args>
class Arguments<std::tuple<Parameter...>, Args...> {
  static_assert(sizeof...(Parameter) == sizeof...(Args), "wrong number of arguments");
  static_assert((!is_sliced<Parameter, std::remove_cvref_t<Args>> && ...),
                "a cached function gets an argument as the base class that it takes, without what "
                "belongs to the derived class: cast it to a reference to the base class, for which "
                "there is a joblib::pickler");

 public:
  explicit Arguments(Args&&... args) : values_(kept<Kept<Parameter, Args>>(args)...) {}

  /// Of the dict {name: argument} that Python's joblib hashes, or {'*': [argument, ...], '**': {}}
  /// without names; {} where there are no arguments.
  std::string digest(const CachedFunction& function) const {
    HashWriter writer({.coerce_mmap = function.mmap_mode.has_value()});
    if (function.tells_alternatives) writer.tell_alternatives();
    const auto save_all = [&] {
      writer.empty_list();
      save_items(writer, sizeof...(Args), [&](std::size_t i) { save_one(writer, i); });
    };
    struct Item {
      std::string_view name;
      std::size_t position = 0;
    };
    constexpr std::size_t all = sizeof...(Args), keywords = all + 1, state = all + 2,
                          types = all + 3;
    std::vector<Item> entries;
    if (function.args.empty() && sizeof...(Args) > 0) {
      entries = {{"*", all}, {"**", keywords}};
    } else {
      for (std::size_t i = 0; i < sizeof...(Args); ++i) entries.push_back({function.args[i], i});
    }
    std::erase_if(entries, [&](const Item& entry) {
      return std::ranges::find(function.ignore, entry.name) != function.ignore.end();
    });
    if (function.state) entries.push_back({"self", state});
    if (function.counts_types) entries.push_back({"<types>", types});
    std::ranges::sort(entries, {}, &Item::name);
    writer.empty_dict();
    save_entries(writer, entries.size(), [&](std::size_t i) {
      writer.str(entries[i].name);
      switch (entries[i].position) {
        case all:
          return save_all();
        case keywords:
          return writer.empty_dict();
        case state:
          return save(writer, *function.state);
        case types:
          return save(writer, std::vector<std::string_view>{typeid(Parameter).name()...});
        default:
          return save_one(writer, entries[i].position);
      }
    });
    return writer.hexdigest();
  }

  std::vector<std::string> representations(ShownIn place) const {
    return std::apply(
        [&](const auto&... value) {
          return std::vector<std::string>{represented(value, place)...};
        },
        values_);
  }

  /// Calls the function; to be done once.
  template <class F>
  decltype(auto) apply(const F& function) {
    return std::apply(
        [&](auto&... value) -> decltype(auto) { return function(passed<Args>(value)...); },
        values_);
  }

 private:
  template <class ToKeep, class Argument>
  static decltype(auto) kept(Argument& argument) {
    if constexpr (std::is_reference_v<ToKeep>) {
      return (argument);
    } else {
      return static_cast<ToKeep>(std::forward<Argument>(argument));
    }
  }

  template <class T>
  static std::string represented(const T& value, ShownIn place) {
    if constexpr (is_hashed<T>) {
      return represented(value.value(), place);
    } else {
      try {
        return representation(value, place);
      } catch (const std::exception&) {  // of one that is ignored: the others have been hashed
        return "<unprintable>";
      }
    }
  }

  template <class Argument, class T>
  static decltype(auto) passed(T& value) {
    if constexpr (is_hashed<T>) {
      return value.value();
    } else if constexpr (std::same_as<std::remove_cvref_t<Argument>, std::remove_cvref_t<T>>) {
      return static_cast<Argument&&>(value);
    } else {
      return std::move(value);
    }
  }

  void save_one(HashWriter& writer, std::size_t position) const {
    std::size_t i = 0;
    std::apply(
        [&](const auto&... value) { ((i++ == position ? save(writer, value) : void()), ...); },
        values_);
  }

  std::tuple<Kept<Parameter, Args>...> values_;
};

}  // namespace joblib::detail
