// A guard admits requests.
#include <millrace/endpoint/guard.hpp>

struct my_guard {
#ifdef MUST_FAIL
    // expect: guard needs: std::error_code admit(const http::request&, std::string_view
    bool admit(const millrace::http::request&) { return true; }
#else
    std::error_code admit(const millrace::http::request&, std::string_view) { return {}; }
#endif
};

constexpr bool checked = (millrace::require_guard<my_guard>(), true);
static_assert(checked);
