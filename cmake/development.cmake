# What the project's own tests, examples and benchmarks are built with. None of it is installed.

set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()

find_program(MILLRACE_CCACHE ccache)
mark_as_advanced(MILLRACE_CCACHE)
if(MILLRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MILLRACE_CCACHE})
endif()

if(MILLRACE_SANITIZE)
    add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${MILLRACE_SANITIZE})
endif()

add_library(millrace_development INTERFACE)
target_compile_options(millrace_development INTERFACE -Wall -Wextra -Wpedantic -Wconversion
    -Wsign-conversion -Wshadow -Werror)
target_link_libraries(millrace_development INTERFACE millrace)
foreach(part IN LISTS millrace_parts)
    target_link_libraries(millrace_development INTERFACE
        $<TARGET_NAME_IF_EXISTS:millrace_${part}>)
endforeach()
