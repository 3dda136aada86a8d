// Guards that are combined are guards.
#include <millrace/endpoint/guards/all_of.hpp>

struct my_guard {
#ifdef MUST_FAIL
    // expect: guard needs: std::error_code admit(const http::request&, std::string_view
    bool admit(const millrace::http::request&) { return true; }
#else
    std::error_code admit(const millrace::http::request&, std::string_view) { return {}; }
#endif
};

millrace::all_of<millrace::open_guard, my_guard> both;
