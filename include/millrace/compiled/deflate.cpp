#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/detail/deflater.ipp>
#include <millrace/websocket/detail/inflater.ipp>
#include <millrace/websocket/permessage_deflate.ipp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::with_deflate = 0;

template const char millrace::detail::compiled_library<
    MILLRACE_VERSION_MAJOR, MILLRACE_VERSION_MINOR, MILLRACE_VERSION_PATCH>::with_deflate;
