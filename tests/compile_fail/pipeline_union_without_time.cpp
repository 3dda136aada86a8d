// All inputs have a time, or none.
// expect: union_of needs: a time in all inputs or in none
#include "trades.hpp"

struct note {
    std::string text;
};

template <>
inline constexpr auto millrace::schema<note> = fields(field{"text", &note::text});

int main() {
    auto a = from<note>("a", processing_time);
#ifdef MUST_FAIL
    auto p = union_of(a, from<note>("b"));
#else
    auto p = union_of(a, from<note>("b", processing_time));
#endif
}
