#include <millrace/core/detail/compiled.hpp>
#include <millrace/storage/sqlite_columns.ipp>
#include <millrace/storage/sqlite_connection.ipp>
#include <millrace/storage/sqlite_file.ipp>
#include <millrace/storage/sqlite_layout.ipp>
#include <millrace/storage/sqlite_scan.ipp>
#include <millrace/storage/sqlite_turn.ipp>
#include <millrace/storage/sqlite_watch.ipp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::with_sqlite = 0;

template const char millrace::detail::compiled_library<
    MILLRACE_VERSION_MAJOR, MILLRACE_VERSION_MINOR, MILLRACE_VERSION_PATCH>::with_sqlite;
