// An analyzer has a result.
// expect: analyzer needs: auto result() const
#include <millrace/analyzers/analyzer.hpp>

struct trade {
    double price;
};

struct newest {
    void update(const trade& t) { value_ = t.price; }
#ifndef MUST_FAIL
    double result() const { return value_; }
#endif
    template <class Archive>
    void archive(Archive& ar) {
        ar(value_);
    }
    double value_{};
};

int main() { millrace::require_analyzer<newest, trade>(); }
