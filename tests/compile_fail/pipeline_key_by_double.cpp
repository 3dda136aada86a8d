// Floating point makes no key.
// expect: key_by needs: a member or function
#include <array>
#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

using namespace millrace;
using namespace std::chrono_literals;

struct trade {
    std::string symbol;
    double price;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<trade> = fields(field{"symbol", &trade::symbol},
                                                       field{"price", &trade::price},
                                                       event_time{"time", &trade::time});

#ifdef MUST_FAIL
auto key = key_by(&trade::price);
#else
auto key = key_by(&trade::symbol);
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
