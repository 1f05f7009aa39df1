#include "pre_dispatch.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "joblib/core/error.hpp"

namespace joblib::detail {
namespace {

constexpr std::size_t max_length = 30;
constexpr double max_value = 1e6;

// Grammar, loosest first, with Python's precedence:
//   sum     = product {("+" | "-") product}
//   product = unary {("*" | "/" | "//" | "%") unary}
//   unary   = "-" unary | power
//   power   = atom ["**" unary]
//   atom    = number | "True" | "False" | "(" sum ")"
class Evaluator {
 public:
  explicit Evaluator(std::string_view text) : text_(text) {}

  double evaluate() {
    const double value = sum();
    skip_blanks();
    if (position_ != text_.size()) fail();
    return value;
  }

 private:
  double sum() {
    double value = product();
    for (;;) {
      if (accept("+")) {
        value = limited(value + product());
      } else if (accept("-")) {
        value = limited(value - product());
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = unary();
    for (;;) {
      if (accept("//")) {
        value = limited(std::floor(value / divisor()));
      } else if (accept("/")) {
        value = limited(value / divisor());
      } else if (accept("%")) {
        const double by = divisor();
        value = limited(value - by * std::floor(value / by));
      } else if (accept("*")) {
        value = limited(value * unary());
      } else {
        return value;
      }
    }
  }

  double unary() { return accept("-") ? -unary() : power(); }

  double power() {
    const double base = atom();
    return accept("**") ? limited(std::pow(base, unary())) : base;
  }

  double atom() {
    if (accept("(")) {
      const double value = sum();
      if (!accept(")")) fail();
      return value;
    }
    if (accept("True")) return 1;
    if (accept("False")) return 0;
    skip_blanks();
    double value = 0;
    const char* begin = text_.data() + position_;
    const char* end = text_.data() + text_.size();
    if (begin == end || (*begin != '.' && (*begin < '0' || *begin > '9'))) fail();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc()) fail();
    position_ += static_cast<std::size_t>(stop - begin);
    if (std::abs(value) > max_value) {
      throw Error(errc::invalid_argument, "pre_dispatch: numeric literal " +
                                              std::string(begin, stop) +
                                              " is too large, max is 1000000.");
    }
    return value;
  }

  double divisor() {
    const double value = unary();
    if (value == 0) fail();
    return value;
  }

  double limited(double value) const {
    if (std::isnan(value)) fail();
    if (std::abs(value) > max_value) {
      throw Error(errc::invalid_argument, "pre_dispatch: a value in '" + std::string(text_) +
                                              "' is too large, max is 1000000.");
    }
    return value;
  }

  // Takes `token` if it comes next; "*" and "/" are not the beginnings of "**" and "//".
  bool accept(std::string_view token) {
    skip_blanks();
    const std::string_view rest = text_.substr(position_);
    if (!rest.starts_with(token)) return false;
    if ((token == "*" && rest.starts_with("**")) || (token == "/" && rest.starts_with("//")))
      return false;
    position_ += token.size();
    return true;
  }

  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t'))
      ++position_;
  }

  [[noreturn]] void fail() const {
    throw Error(errc::invalid_argument, "pre_dispatch: '" + std::string(text_) +
                                            "' is not a valid or supported arithmetic expression.");
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

std::string replace_n_jobs(std::string_view expression, int n_jobs) {
  constexpr std::string_view name = "n_jobs";
  std::string text(expression);
  const std::string number = std::to_string(n_jobs);
  for (std::size_t at = text.find(name); at != std::string::npos;
       at = text.find(name, at + number.size())) {
    text.replace(at, name.size(), number);
  }
  return text;
}

}  // namespace

std::size_t evaluate_pre_dispatch(std::string_view expression, int n_jobs) {
  if (expression == "all") return unlimited;
  const std::string text = replace_n_jobs(expression, n_jobs);
  if (text.size() > max_length) {
    throw Error(errc::invalid_argument, "pre_dispatch: expression '" + text.substr(0, max_length) +
                                            "'... is too long. Max length is 30, got " +
                                            std::to_string(text.size()) + ".");
  }
  const double value = Evaluator(text).evaluate();
  if (value < 1) {
    throw Error(errc::invalid_argument,
                "pre_dispatch: '" + text +
                    "' is below 1, so no task could run; give at least 1, or \"all\"");
  }
  return static_cast<std::size_t>(value);
}

}  // namespace joblib::detail
