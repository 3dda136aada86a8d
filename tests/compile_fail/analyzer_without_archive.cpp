// An analyzer can be saved and loaded.
// expect: analyzer needs: template <class Archive> void archive(Archive&)
#include <millrace/analyzers/analyzer.hpp>

struct trade {
    double price;
};

struct newest {
    void update(const trade& t) { value_ = t.price; }
    double result() const { return value_; }
#ifndef MUST_FAIL
    template <class Archive>
    void archive(Archive& ar) {
        ar(value_);
    }
#endif
    double value_{};
};

int main() { millrace::require_analyzer<newest, trade>(); }
