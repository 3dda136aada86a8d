// A window by count needs no event times, one of time does.
// expect: window needs: event times
#include <millrace/windows/by_count.hpp>

#include "trades.hpp"

struct tick {
    int id;
};
template <>
inline constexpr auto millrace::schema<tick> = fields(field{"id", &tick::id});

int main() {
    auto p = from<tick>("t") | window(tumbling_count{2}) | process<count>()
#ifdef MUST_FAIL
             | window(tumbling{1s}, drop_late) | process<count>()
#endif
        ;
}
