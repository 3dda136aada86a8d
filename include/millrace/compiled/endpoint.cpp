#include <millrace/endpoint/endpoint.hpp>

// The endpoint with all its defaults.
template class millrace::detail::served_paths<
    millrace::detail::worker<millrace::detail::endpoint_core<
        millrace::tcp, millrace::origin_guard, millrace::system_clock, millrace::null_access_log>>>;
template class millrace::endpoint<>;
