// A result's fields have names.
// expect: analyzer needs: result() to give a number or a struct with a millrace::schema
#include <millrace/analyzers/analyzer.hpp>

struct trade {
    double price;
};

struct both_prices {
    double first, last;
};

#ifndef MUST_FAIL
template <>
inline constexpr auto millrace::schema<both_prices> = millrace::fields(
    millrace::field{"first", &both_prices::first}, millrace::field{"last", &both_prices::last});
#endif

struct newest {
    void update(const trade& t) { value_.last = t.price; }
    both_prices result() const { return value_; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value_.first, value_.last);
    }
    both_prices value_{};
};

int main() { millrace::require_analyzer<newest, trade>(); }
