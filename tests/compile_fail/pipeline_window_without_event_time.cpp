// A window of event time needs events that have one.
// expect: window needs: event times, by an event_time field
#include "trades.hpp"

struct untimed {
    double price;
};
template <>
inline constexpr auto millrace::schema<untimed> = fields(field{"price", &untimed::price});
#ifdef MUST_FAIL
using event = untimed;
#else
using event = trade;
#endif
int main() { auto p = from<event>("t") | window(tumbling{1s}, drop_late) | process<count>(); }
