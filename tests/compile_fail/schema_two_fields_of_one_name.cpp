// A schema's names are distinct.
// expect: schema_has_two_fields_of_one_name
#include "trades.hpp"

#ifdef MUST_FAIL
constexpr auto names = fields(field{"x", &trade::price}, field{"x", &trade::symbol});
#else
constexpr auto names = fields(field{"x", &trade::price}, field{"y", &trade::symbol});
#endif
int main() { return names.size == 2 ? 0 : 1; }
