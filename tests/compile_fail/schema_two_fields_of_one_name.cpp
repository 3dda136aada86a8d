// A schema's names are distinct.
// expect: schema_has_two_fields_of_one_name
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
constexpr auto names = fields(field{"x", &trade::price}, field{"x", &trade::symbol});
#else
constexpr auto names = fields(field{"x", &trade::price}, field{"y", &trade::symbol});
#endif
int main() { return names.size == 2 ? 0 : 1; }
