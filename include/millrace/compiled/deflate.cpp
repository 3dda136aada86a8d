#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/detail/deflater.ipp>
#include <millrace/websocket/detail/inflater.ipp>
#include <millrace/websocket/permessage_deflate.ipp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::with_deflate = 0;
