// Sliding windows by count are made of parts, which this analyzer cannot combine.
// expect: sliding_count needs: an analyzer with void merge
#include <millrace/windows/by_count.hpp>

#include "trades.hpp"

struct largest {
    static constexpr fixed_string name = "largest";
    double value = 0;

    void update(const trade& t) { value = t.price > value ? t.price : value; }
#ifndef MUST_FAIL
    void merge(const largest& other) { value = other.value > value ? other.value : value; }
#endif
    double result() const { return value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};

int main() {
    auto running = start(from<trade>("t") | window(sliding_count{60, 1}) | process<largest>());
}
