// An analyzer takes events.
// expect: analyzer needs: void update(const Event&)
#include <millrace/analyzers/analyzer.hpp>

struct trade {
    double price;
};

struct newest {
#ifndef MUST_FAIL
    void update(const trade& t) { value_ = t.price; }
#endif
    double result() const { return value_; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value_);
    }
    double value_{};
};

int main() { millrace::require_analyzer<newest, trade>(); }
