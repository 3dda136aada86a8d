// A key has at most eight parts.
// expect: key_by needs: one part or more, and at most eight
#include "trades.hpp"

template <int N>
constexpr key_part part{std::string_view{"12345678"}.substr(N, 1), &trade::symbol};

#ifdef MUST_FAIL
#define NINTH , &trade::symbol
#else
#define NINTH
#endif
auto key = key_by(part<0>, part<1>, part<2>, part<3>, part<4>, part<5>, part<6>, part<7> NINTH);
int main() { auto p = from<trade>("t") | key | process<count>(); }
