#include <millrace/core/detail/compiled.hpp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::with_tls = 0;
