// Access logs write an entry.
#include <millrace/endpoint/access_log.hpp>

struct my_log {
#ifdef MUST_FAIL
    // expect: access_log needs: void write(const access_entry&)
    void write(std::string_view) {}
#else
    void write(const millrace::access_entry&) {}
#endif
};

constexpr bool checked = (millrace::require_access_log<my_log>(), true);
static_assert(checked);
