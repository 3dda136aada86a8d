# Installs BUILD_DIR into PREFIX, which holds nothing else afterwards.
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${PREFIX}
    COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE files RELATIVE ${PREFIX} ${PREFIX}/*)
list(FILTER files EXCLUDE REGEX "^(include/millrace/.*\\.[hic]pp|lib.*/libmillrace_compiled\\.a|share/cmake/millrace/.*\\.cmake)$")
if(files)
    message(FATAL_ERROR "Installed, but neither a source nor the package's configuration: ${files}")
endif()
