// Sessions that an event joins become one.
// expect: session needs: an analyzer with void merge(const A&)
#include <millrace/windows/session.hpp>

#include "trades.hpp"

struct last_price {
    static constexpr fixed_string name = "last";
    void update(const trade& t) { value = t.price; }
    double result() const { return value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
    double value = 0;
};
#ifdef MUST_FAIL
using analyzer_of = last_price;
#else
using analyzer_of = count;
#endif
int main() { auto p = from<trade>("t") | window(session{5s}, drop_late) | process<analyzer_of>(); }
