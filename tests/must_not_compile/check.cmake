# Runs one case, see CMakeLists.txt: COMPILER, INCLUDE (folder of the headers), CASE (file).

file(STRINGS ${CASE} first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^// error: (.+)$")
  message(FATAL_ERROR "${CASE}: the first line must be `// error: <regex>`")
endif()
set(expected "${CMAKE_MATCH_1}")

set(compile ${COMPILER} -std=c++20 -Wall -Wextra -pthread -fsyntax-only -I${INCLUDE} ${CASE})
execute_process(COMMAND ${compile} -Werror -DJOBLIB_CONTROL
  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "With JOBLIB_CONTROL it must compile:\n${output}")
endif()

execute_process(COMMAND ${compile} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT failed)
  message(FATAL_ERROR "It compiles, and must not")
endif()
if(NOT output MATCHES "${expected}")
  message(FATAL_ERROR "The compiler's message does not match \"${expected}\":\n${output}")
endif()
