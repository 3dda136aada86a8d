# Finds what millrace stands on. The build includes this file, and so does the installed package.
# It looks for the headers themselves: of these libraries' own package files some are missing, and
# some bring Boost along. `millrace_missing` lists what was not found.

set(millrace_missing "")

macro(millrace_find_headers name header package)
    find_path(MILLRACE_${name}_INCLUDE_DIR ${header})
    mark_as_advanced(MILLRACE_${name}_INCLUDE_DIR)
    if(NOT MILLRACE_${name}_INCLUDE_DIR)
        list(APPEND millrace_missing "<${header}> (Debian: ${package})")
    elseif(NOT TARGET millrace::${name})
        add_library(millrace::${name} INTERFACE IMPORTED GLOBAL)
        target_include_directories(millrace::${name} INTERFACE "${MILLRACE_${name}_INCLUDE_DIR}")
    endif()
endmacro()

# A target found below add_subdirectory has to be global for the parent to link it.
macro(millrace_find_target package target)
    if(NOT TARGET ${target})
        find_package(${package} QUIET)
        if(TARGET ${target})
            set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
        endif()
    endif()
endmacro()

millrace_find_headers(websocketpp websocketpp/version.hpp libwebsocketpp-dev)
millrace_find_headers(asio asio.hpp libasio-dev)
millrace_find_headers(rapidjson rapidjson/rapidjson.h rapidjson-dev)
millrace_find_headers(robin_map tsl/robin_map.h robin-map-dev)

millrace_find_target(Threads Threads::Threads)
if(NOT TARGET Threads::Threads)
    list(APPEND millrace_missing "a thread library")
endif()

millrace_find_target(SQLite3 SQLite::SQLite3)
