// A field holds text, a number, a truth value, a named enumeration or a time.
// expect: an event needs: fields that are
#include <millrace/codec/json.hpp>

using namespace millrace;

#ifdef MUST_FAIL
using price_type = const double*;
#else
using price_type = double;
#endif
struct trade {
    price_type price;
};
template <>
inline constexpr auto millrace::schema<trade> = fields(field{"price", &trade::price});

int main() { json_decoder<trade> decoder; }
