#pragma once

#include <millrace/version.hpp>

// A header's long functions stand in an .ipp file beside it. Header-only, the header includes that
// at its end; with MILLRACE_COMPILED they are in the library `millrace::compiled`, whose sources
// are in millrace/compiled.
#ifdef MILLRACE_COMPILED
#define MILLRACE_INLINE
#else
#define MILLRACE_INLINE inline
#endif

namespace millrace::detail {

// Linkers refuse a name that is thread-local in one object and not in another.
#ifdef MILLRACE_COMPILED
[[gnu::used]] inline char MILLRACE_COMPILED_must_be_set_for_all_sources_or_for_none = 0;
#else
[[gnu::used]] inline thread_local char MILLRACE_COMPILED_must_be_set_for_all_sources_or_for_none =
    0;
#endif

#ifdef MILLRACE_COMPILED
/// Defined in the library, for its own version and for the parts that it was compiled with.
template <int Major, int Minor, int Patch>
struct compiled_library {
    static const char of_this_version, with_sqlite, with_tls, with_deflate;
};

using expected_library =
    compiled_library<MILLRACE_VERSION_MAJOR, MILLRACE_VERSION_MINOR, MILLRACE_VERSION_PATCH>;

[[gnu::used]] inline const char* const needs_library = &expected_library::of_this_version;
#ifdef MILLRACE_WITH_SQLITE
[[gnu::used]] inline const char* const needs_sqlite = &expected_library::with_sqlite;
#endif
#ifdef MILLRACE_WITH_TLS
[[gnu::used]] inline const char* const needs_tls = &expected_library::with_tls;
#endif
#ifdef MILLRACE_WITH_DEFLATE
[[gnu::used]] inline const char* const needs_deflate = &expected_library::with_deflate;
#endif
#endif

}  // namespace millrace::detail
