// An endpoint's second parameter is a guard.
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/memory.hpp>

#ifdef MUST_FAIL
// expect: guard needs: std::error_code admit(const http::request&, std::string_view
using made = millrace::endpoint<millrace::memory, millrace::prometheus_metrics>;
#else
using made =
    millrace::endpoint<millrace::memory, millrace::open_guard, millrace::prometheus_metrics>;
#endif

void serve(made& server) { server.stop(); }
