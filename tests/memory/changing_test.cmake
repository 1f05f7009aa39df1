# Builds a library again and again: a changed function is computed, an unchanged one is read.
# Variables: COMPILER, SOURCE, HOST, WORK (a folder).

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(expect body answer)
  execute_process(COMMAND ${COMPILER} -shared -fPIC -Wl,--build-id -DBODY=${body} ${SOURCE} -o ${WORK}/libchanging.so
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${HOST} ${WORK}/libchanging.so ${WORK}/cache OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output STREQUAL answer)
    message(FATAL_ERROR "with the body ${body}: '${output}', not '${answer}'")
  endif()
endfunction()

expect(1 "computed 2")
expect(1 "there 2")
expect(2 "computed 3")
expect(2 "there 3")
expect(1 "there 2")
