# Builds and runs the consumer as MODE says: "subdirectory", or with an installed "static" or "shared"
# library, found by find_package and by pkg-config in a prefix that was moved after the installation.
# Further variables: SOURCE (the project's root), WORK (a folder for the builds), COMPILER, LAUNCHER.

set(consumer_dir ${CMAKE_CURRENT_LIST_DIR})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(configure source build)
  run(${CMAKE_COMMAND} -G Ninja -S ${source} -B ${build} -D CMAKE_BUILD_TYPE=Release
    -D CMAKE_CXX_EXTENSIONS=OFF -D CMAKE_CXX_COMPILER=${COMPILER}
    -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${ARGN})
endfunction()

function(build_consumer)
  configure(${consumer_dir} ${WORK}/consumer ${ARGN})
  run(${CMAKE_COMMAND} --build ${WORK}/consumer)
  run(${WORK}/consumer/consumer)
endfunction()

if(MODE STREQUAL subdirectory)
  build_consumer(-D JOBLIB_SOURCE_DIR=${SOURCE})
  return()
endif()

string(COMPARE EQUAL ${MODE} shared shared)
set(first_prefix ${WORK}/first)
set(prefix ${WORK}/moved)
file(REMOVE_RECURSE ${first_prefix} ${prefix} ${WORK}/consumer)

configure(${SOURCE} ${WORK}/library
  -D BUILD_SHARED_LIBS=${shared} -D JOBLIB_BUILD_TESTS=OFF -D JOBLIB_BUILD_EXAMPLES=OFF
  -D CMAKE_INSTALL_PREFIX=${first_prefix} -D CMAKE_INSTALL_LIBDIR=lib)
run(${CMAKE_COMMAND} --build ${WORK}/library)
run(${CMAKE_COMMAND} --install ${WORK}/library)
file(RENAME ${first_prefix} ${prefix})

# What a shared library is linked to must not be asked of the user.
if(shared)
  set(hidden -D CMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -D CMAKE_DISABLE_FIND_PACKAGE_BZip2=ON
    -D CMAKE_DISABLE_FIND_PACKAGE_LibLZMA=ON)
endif()
build_consumer(-D CMAKE_PREFIX_PATH=${prefix} ${hidden})

# A host that knows nothing of joblib. A library that has joblib inside can't know of the move.
if(NOT shared)
  set(ENV{JOBLIB_WORKER} ${prefix}/libexec/joblib-worker)
endif()
run(${WORK}/consumer/host ${WORK}/consumer/libplugin.so)

execute_process(
  COMMAND ${CMAKE_COMMAND} -D CMAKE_PREFIX_PATH=${prefix} -D JOBLIB_COMPONENTS=nonsense ${WORK}/consumer
  RESULT_VARIABLE failed ERROR_VARIABLE errors OUTPUT_QUIET)
if(NOT failed OR NOT errors MATCHES "joblib has no component 'nonsense'")
  message(FATAL_ERROR "No clear error for an unknown component:\n${errors}")
endif()

set(ENV{PKG_CONFIG_PATH} ${prefix}/lib/pkgconfig)
# As in README.
execute_process(COMMAND pkg-config --cflags --libs joblib
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND ${flags})
run(${COMPILER} -std=c++20 -Wall -Wextra -Wpedantic -Werror
  ${consumer_dir}/main.cpp ${flags} -o ${WORK}/consumer/by_pkg_config)
set(ENV{LD_LIBRARY_PATH} ${prefix}/lib)
run(${WORK}/consumer/by_pkg_config)
run(${COMPILER} -std=c++20 -shared -fPIC
  ${consumer_dir}/plugin.cpp ${flags} -o ${WORK}/consumer/plugin_by_pkg_config.so)
run(${WORK}/consumer/host ${WORK}/consumer/plugin_by_pkg_config.so)
