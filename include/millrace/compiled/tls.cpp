#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/guards/detail/jwt_token.ipp>
#include <millrace/endpoint/guards/jwt_claims.ipp>
#include <millrace/endpoint/guards/jwt_key.ipp>
#include <millrace/transport/tls_context.ipp>
#include <millrace/transport/tls_error.ipp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::with_tls = 0;

template const char millrace::detail::compiled_library<
    MILLRACE_VERSION_MAJOR, MILLRACE_VERSION_MINOR, MILLRACE_VERSION_PATCH>::with_tls;
