#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "backend/fixed_pool.hpp"
#include "catch.hpp"
#include "joblib/parallel.hpp"
#include "parallel/behaviour/tools.hpp"

using joblib::BackendOptions;
using joblib::errc;
using joblib::Parallel;
using joblib::register_parallel_backend;
using joblib::test::error_code;
using joblib::test::FixedPool;

namespace {

std::string text_of_error(const joblib::ParallelOptions& options) {
  try {
    Parallel parallel(options);
  } catch (const joblib::Error& error) {
    CHECK(error.code() == errc::invalid_argument);
    return error.what();
  }
  return "none";
}

// Takes back what a test made the default.
class DefaultGuard {
 public:
  ~DefaultGuard() {
    register_parallel_backend(
        "threading",
        [](const BackendOptions&) { return std::make_shared<joblib::ThreadingBackend>(); },
        {.make_default = true, .force = true});
  }
};

std::shared_ptr<FixedPool> pool(const std::string& name = "FixedPool") {
  return std::make_shared<FixedPool>(2, joblib::BackendTraits{}, name);
}

std::vector<int> run(joblib::ParallelOptions options) {
  return Parallel(std::move(options)).map([](int i) { return i; }, std::vector{1, 2, 3});
}

}  // namespace

TEST_CASE("An unknown backend is an error that lists the known ones") {
  const std::string text = text_of_error({.backend = "loki"});
  CHECK(text.find("Invalid backend: loki, expected one of [") != std::string::npos);
  CHECK(text.find("'sequential', ") != std::string::npos);
  CHECK(text.find("'threading'") != std::string::npos);
}

TEST_CASE("A registered backend is made by its factory with the options of the call") {
  BackendOptions received;
  register_parallel_backend("with options", [&](const BackendOptions& options) {
    received = options;
    return pool();
  });
  CHECK(run({.n_jobs = 2,
             .backend = "with options",
             .backend_options = {{"flag", true},
                                 {"size", std::int64_t{7}},
                                 {"addresses", std::vector<std::string>{"a", "b"}}}}) ==
        std::vector{1, 2, 3});
  CHECK(received.size() == 3);
  CHECK(std::get<std::int64_t>(received.at("size")) == 7);
  CHECK(std::get<std::vector<std::string>>(received.at("addresses")).back() == "b");
  register_parallel_backend("with options", [](const BackendOptions&) { return pool("Second"); });
  CHECK(run({.n_jobs = 2, .backend = "with options"}) == std::vector{1, 2, 3});
  CHECK(received.size() == 3);
}

TEST_CASE("Options that nobody takes are an error") {
  CHECK(
      text_of_error({.backend = "threading", .backend_options = {{"speed", 1.0}}}).find("speed") !=
      std::string::npos);
  CHECK(text_of_error({.backend = pool(), .backend_options = {{"speed", 1.0}}}) != "none");
  CHECK(text_of_error({.backend_options = {{"speed", 1.0}}}) != "none");
}

TEST_CASE("A factory that makes nothing is an error and what it throws reaches the caller") {
  register_parallel_backend("null",
                            [](const BackendOptions&) { return std::shared_ptr<FixedPool>(); });
  register_parallel_backend("throws", [](const BackendOptions&) -> std::shared_ptr<FixedPool> {
    throw std::domain_error("no cluster");
  });
  CHECK(text_of_error({.backend = "null"}).find("null") != std::string::npos);
  CHECK_THROWS_AS(Parallel({.backend = "throws"}), std::domain_error);
  CHECK_THROWS_AS(joblib::parallel_config({.backend = "throws"}), std::domain_error);
  CHECK(error_code([] { register_parallel_backend("empty", {}); }) == errc::invalid_argument);
  CHECK(text_of_error({.backend = "empty"}).starts_with("Invalid backend"));
  CHECK(error_code([] {
          register_parallel_backend("", [](const BackendOptions&) { return pool(); });
        }) == errc::invalid_argument);
  CHECK(text_of_error({.backend = std::shared_ptr<FixedPool>()}) != "none");
}

TEST_CASE("Built-in backends are replaced by force only") {
  const DefaultGuard guard;
  const auto factory = [](const BackendOptions&) { return pool("Mine"); };
  for (const char* name : {"threading", "sequential"}) {
    CHECK(error_code([&] { register_parallel_backend(name, factory); }) == errc::invalid_argument);
    CHECK(error_code([&] { register_parallel_backend(name, factory, {.make_default = true}); }) ==
          errc::invalid_argument);
  }
  CHECK(joblib::default_parallel_backend() == "threading");
  int made = 0;
  register_parallel_backend("threading",
                            [&](const BackendOptions&) {
                              ++made;
                              return pool("Mine");
                            },
                            {.force = true});
  CHECK(run({.n_jobs = 2, .backend = "threading"}) == std::vector{1, 2, 3});
  CHECK(made == 1);
}

TEST_CASE("A backend can be registered as the default") {
  const DefaultGuard guard;
  int made = 0;
  register_parallel_backend(
      "default of a test",
      [&](const BackendOptions&) {
        ++made;
        return std::make_shared<FixedPool>(
            2, joblib::BackendTraits{.supports_sharedmem = false, .uses_threads = false});
      },
      {.make_default = true});
  CHECK(joblib::default_parallel_backend() == "default of a test");
  CHECK(run({.n_jobs = 2}) == std::vector{1, 2, 3});
  CHECK(made == 1);
  // prefer and require choose threads instead.
  const auto threads_of = [](joblib::ParallelOptions options) {
    std::string lines;
    const joblib::test::SinkGuard sink(
        [&](const joblib::LogRecord& record) { lines += record.text; });
    run(std::move(options));
    return lines.find("Using backend ThreadingBackend") != std::string::npos;
  };
  CHECK_FALSE(threads_of({.n_jobs = 2, .verbose = 1}));
  CHECK_FALSE(threads_of({.n_jobs = 2, .verbose = 1, .prefer = joblib::Prefer::processes}));
  CHECK(threads_of({.n_jobs = 2, .verbose = 1, .prefer = joblib::Prefer::threads}));
  CHECK(threads_of({.n_jobs = 2, .verbose = 1, .require = joblib::Require::sharedmem}));
  CHECK(run({.n_jobs = 2, .backend = "threading"}) == std::vector{1, 2, 3});
}

TEST_CASE("Backends can be registered and used by several threads at once") {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = "shared " + std::to_string((thread + i) % 3);
        register_parallel_backend(name, [](const BackendOptions&) {
          return std::make_shared<joblib::ThreadingBackend>();
        });
        Parallel({.n_jobs = 2, .backend = name}).map([](int) {}, std::vector{1, 2});
      }
    });
  }
}
