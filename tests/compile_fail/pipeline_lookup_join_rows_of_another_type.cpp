// What the storage has are no trades.
// expect: loaded_from needs: a storage of the right events, or behind it a function
#include "trades.hpp"

#include <millrace/pipeline/lookup_join.hpp>
#include <millrace/storage/memory.hpp>

struct price {
    std::string symbol;
    double value;
};
template <>
inline constexpr auto millrace::schema<price> = fields(field{"symbol", &price::symbol},
                                                       field{"value", &price::value});

int main() {
    memory_storage<price> store;
    const auto as_trade = [](const price& one) { return trade{one.symbol, one.value, {}}; };
    auto running = start(lookup_join(from<trade>("a") | key_by(&trade::symbol),
                                     from<trade>("b") | key_by(&trade::symbol),
#ifdef MUST_FAIL
                                     loaded_from{store},
#else
                                     loaded_from{store, as_trade},
#endif
                                     [](const trade& x, const trade*) { return x; }));
}
