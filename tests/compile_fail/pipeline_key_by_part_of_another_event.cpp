// A part is a member of the stream's event.
// expect: key_by needs: parts that are members or functions of the stream's event
#include "trades.hpp"

struct quote {
    std::string venue;
};
struct venue_of {
    std::string operator()(const trade& t) const { return t.symbol.substr(0, 4); }
};

#ifdef MUST_FAIL
auto key = key_by(&trade::symbol, &quote::venue);
#else
auto key = key_by(&trade::symbol, key_part{"venue", venue_of{}});
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
