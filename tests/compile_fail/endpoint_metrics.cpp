// Metrics write a snapshot.
#include <millrace/endpoint/metrics.hpp>

struct my_metrics {
    static constexpr std::string_view content_type = "text/plain";
#ifdef MUST_FAIL
    // expect: metrics needs: content_type and static void write(const endpoint_snapshot&,
    static void write(std::string&) {}
#else
    static void write(const millrace::endpoint_snapshot&, std::string&) {}
#endif
};

constexpr bool checked = (millrace::require_metrics<my_metrics>(), true);
static_assert(checked);
