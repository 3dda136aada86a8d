// A time for each key needs events that have one.
// expect: from needs: for per_key, by_producer and punctuated an event_time field
#include "trades.hpp"

struct untimed {
    std::string symbol;
};
template <>
inline constexpr auto millrace::schema<untimed> = fields(field{"symbol", &untimed::symbol});

int main() {
    auto good = from<trade>("t", per_key(&trade::symbol)) | publish("all");
#ifdef MUST_FAIL
    auto bad = from<untimed>("t", per_key(&untimed::symbol)) | publish("all");
#endif
}
