// What a function is called in a cache, if it isn't given a name.

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "joblib/core/detail/code_module.hpp"
#include "joblib/core/detail/fork_safe_mutex.hpp"
#include "joblib/core/error.hpp"
#include "joblib/memory/detail/signature.hpp"

namespace joblib::detail {
namespace {

// What has been found, by build identity and address: a symbol table is large. Never destroyed:
// functions may be cached until the process ends.
struct KnownNames {
  ForkSafeMutex mutex;
  std::map<std::pair<std::string, const void*>, FunctionNames> names;
};

KnownNames& all_known_names() {
  static auto& instance = *new KnownNames;
  return instance;
}

[[maybe_unused]] const auto& known_names_made_at_load = all_known_names();

FunctionNames known_names(const void* code) {
  const std::pair key(module_of(code).build_id, code);
  if (key.first.empty()) return names_of_function(code);
  KnownNames& known = all_known_names();
  std::unique_lock lock(known.mutex);
  if (const auto names = known.names.find(key); names != known.names.end()) return names->second;
  lock.unlock();
  FunctionNames names = names_of_function(code);
  lock.lock();
  return known.names.try_emplace(key, std::move(names)).first->second;
}

// "features/costly" of "features::costly"; unnamed namespaces become "<anonymous>". Arguments of
// templates stay as they are.
std::string folders_of(std::string text) {
  constexpr std::string_view unnamed = "(anonymous namespace)";
  for (std::size_t at = 0; (at = text.find(unnamed)) != text.npos;)
    text.replace(at, unnamed.size(), "<anonymous>");
  std::string folders;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>') --depth;
    const bool ends_scope = depth == 0 && std::string_view(text).substr(i).starts_with("::");
    folders += ends_scope ? '/' : text[i];
    if (ends_scope) ++i;
  }
  return folders;
}

// Whether a mangled name may be one that other files use for functions of their own: "_ZL6helperi",
// "_ZN8featuresL6helperEi", "_ZN12_GLOBAL__N_16helperEi".
bool may_be_of_one_file(std::string_view mangled) {
  if (mangled.find("_GLOBAL__N_") != mangled.npos) return true;
  for (std::size_t at = 0; (at = mangled.find('L', at)) != mangled.npos; ++at) {
    if (at + 1 < mangled.size() && mangled[at + 1] >= '0' && mangled[at + 1] <= '9') return true;
  }
  return false;
}

// What compilers call the functions that lambdas turn into counts lambdas, if anything.
void refuse_lambda(const std::string& name) {
  if (name.find_first_of("{$'") == name.npos && !name.ends_with("::__invoke")) return;
  throw Error(errc::invalid_argument,
              "a lambda has no name to keep its results under: cache(\"a/name\", function)");
}

[[noreturn]] void refuse_namesakes(const std::string& name) {
  throw Error(errc::invalid_argument, "the program has several functions called " + name +
                                          ", in files of their own: give a name");
}

}  // namespace

std::string function_name(const std::type_info& named, const void* code) {
  const std::string type = demangled(named.name());  // "...Named<&features::costly>"
  const std::size_t begin = type.find("Named<&") + std::string_view("Named<&").size();
  std::string_view function = std::string_view(type).substr(begin, type.size() - begin - 1);
  if (function.starts_with('(') && function.ends_with(')'))  // with its parameters
    function = function.substr(1, function.size() - 2);
  std::string name = without_parameters(function);
  refuse_lambda(name);
  if (may_be_of_one_file(named.name()) && !known_names(code).are_unique) refuse_namesakes(name);
  return folders_of(std::move(name));
}

std::string function_name_at(const void* code) {
  const auto [names, are_unique] = known_names(code);
  for (const std::string& name : names) refuse_lambda(name);
  if (names.size() == 1 && !are_unique) refuse_namesakes(names[0]);
  if (names.size() == 1) return folders_of(names[0]);
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  throw Error(errc::invalid_argument,
              names.empty() ? "the program's symbol table has no name for the function: use "
                              "cache<function>(), or give a name"
                            : "the function has several names (" + known +
                                  "): use cache<function>(), or "
                                  "give a name");
}

}  // namespace joblib::detail
