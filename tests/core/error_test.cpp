#include "joblib/core/error.hpp"

#include <string>
#include <type_traits>

#include "catch.hpp"

using joblib::errc;

TEST_CASE("Errors carry their text and code through their base classes") {
  try {
    throw joblib::Error(errc::no_workers, "no worker");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()) == "no worker");
    CHECK(dynamic_cast<const joblib::Error&>(error).code() == errc::no_workers);
  }
  try {
    throw joblib::Cancelled("stopped");
  } catch (const joblib::Error& error) {
    CHECK(std::string(error.what()) == "stopped");
    CHECK(error.code() == errc::cancelled);
  }
  try {
    throw joblib::TimeoutError("too long");
  } catch (const joblib::Error& error) {
    CHECK(std::string(error.what()) == "too long");
    CHECK(error.code() == errc::timed_out);
  }
}

TEST_CASE("Errors can be copied without throwing") {
  // An exception_ptr may copy the error while another one is on its way.
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<joblib::Error>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<joblib::Cancelled>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<joblib::TimeoutError>);
}
