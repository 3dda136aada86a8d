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

# Targets found below add_subdirectory have to be global for the parent to link them.
macro(millrace_find_targets package first)
    if(NOT TARGET ${first})
        find_package(${package} QUIET)
        foreach(target IN ITEMS ${first} ${ARGN})
            if(TARGET ${target})
                set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
            endif()
        endforeach()
    endif()
endmacro()

millrace_find_headers(websocketpp websocketpp/version.hpp libwebsocketpp-dev)
millrace_find_headers(asio asio.hpp libasio-dev)
millrace_find_headers(rapidjson rapidjson/rapidjson.h rapidjson-dev)

millrace_find_targets(Threads Threads::Threads)
if(NOT TARGET Threads::Threads)
    list(APPEND millrace_missing "a thread library")
endif()

# millrace::PART comes with a library, if that is there.
set(millrace_parts sqlite tls deflate)
set(millrace_part_libraries SQLite::SQLite3 OpenSSL::SSL ZLIB::ZLIB)
millrace_find_targets(SQLite3 SQLite::SQLite3)
millrace_find_targets("OpenSSL;3" OpenSSL::SSL OpenSSL::Crypto)
millrace_find_targets(ZLIB ZLIB::ZLIB)
