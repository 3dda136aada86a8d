// Streams of different events do not go on as one.
// expect: union_of needs: streams of one event type; map one to the other
#include "trades.hpp"

struct quote {
    std::string symbol;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<quote> = fields(field{"symbol", &quote::symbol},
                                                       event_time{"time", &quote::time});

int main() {
    auto trades = from<trade>("trades");
#ifdef MUST_FAIL
    auto p = union_of(trades, from<quote>("quotes"));
#else
    auto p = union_of(trades, from<quote>("quotes") | map([](const quote& q) {
                                  return trade{q.symbol, 0, q.time};
                              }));
#endif
}
