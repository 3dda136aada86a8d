// What a branch publishes is copied, too.
// expect: parallel needs: what its stages publish to have a schema, and copies that refer to nothing
#include <string_view>

#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/publish.hpp>

struct noted {
    double price;
    std::string_view text;
};
template <>
inline constexpr auto millrace::schema<noted> = fields(field{"price", &noted::price}
#ifndef MUST_FAIL
                                                       ,
                                                       field{"text", &noted::text}
#endif
);

int main() {
    auto noting = map([](const trade& one) { return noted{one.price, one.symbol}; });
    auto p = start(
        from<trade>("t") | key_by(&trade::symbol) | parallel(2, tee(noting) | process<count>()),
        [](const auto&) {});
}
