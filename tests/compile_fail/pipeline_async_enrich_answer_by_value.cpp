// There may be no answer.
// expect: async_enrich needs: second a function Out(const Event&, const Answer*)
#include "trades.hpp"

#include <millrace/pipeline/async_enrich.hpp>

int main() {
    const auto ask = [](const trade& t, answer_to<double> to) { to(t.price); };
#ifdef MUST_FAIL
    const auto combine = [](const trade& t, double price) { return t.price - price; };
#else
    const auto combine = [](const trade& t, const double* price) {
        return price ? t.price - *price : 0;
    };
#endif
    auto p = from<trade>("t") | async_enrich<double>(ask, combine);
}
