// What a key keeps is saved with its pipeline.
// expect: process_with_state needs: a state that is made without arguments and has archive(ar)
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

struct last_price {
    double price = 0;
#ifndef MUST_FAIL
    template <class Archive>
    void archive(Archive& ar) {
        ar(price);
    }
#endif
};

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             process_with_state<last_price>(
                 [](auto& ctx, const trade& t) { ctx.state().price = t.price; });
}
