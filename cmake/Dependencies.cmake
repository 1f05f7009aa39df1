# Finds what the library links (required) and reports every dependency with its version.
# What only a test, an example or a benchmark needs is required where that is built.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED)

# joblib_report(<name> <found> <version>) prints a line of a table of dependencies.
function(joblib_report name found version)
  if(NOT found)
    set(version "not found")
  endif()
  string(LENGTH "${name}" length)
  math(EXPR padding "14 - ${length}")
  string(REPEAT " " ${padding} blanks)
  message(STATUS "  ${name}${blanks}${version}")
endfunction()

if(PROJECT_IS_TOP_LEVEL)
  find_package(xtensor QUIET)
  find_package(ZLIB QUIET)
  find_package(BZip2 QUIET)
  find_package(LibLZMA QUIET)
  find_package(OpenSSL QUIET)
  find_package(boost_json ${Boost_VERSION} QUIET CONFIG)

  message(STATUS "Dependencies of joblib ${PROJECT_VERSION}")
  joblib_report(Boost TRUE ${Boost_VERSION})
  joblib_report(Boost.JSON "${boost_json_FOUND}" "${boost_json_VERSION}")
  joblib_report(xtensor "${xtensor_FOUND}" "${xtensor_VERSION}")
  joblib_report(zlib "${ZLIB_FOUND}" "${ZLIB_VERSION_STRING}")
  joblib_report(bzip2 "${BZIP2_FOUND}" "${BZIP2_VERSION_STRING}")
  joblib_report(liblzma "${LIBLZMA_FOUND}" "${LIBLZMA_VERSION_STRING}")
  joblib_report(OpenSSL "${OPENSSL_FOUND}" "${OPENSSL_VERSION}")
endif()
