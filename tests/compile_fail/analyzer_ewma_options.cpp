// The newest value's share of the mean is a share.
// expect: ewma_zscore: alpha is above 0 and at most 1
#include <millrace/analyzers/ewma_zscore.hpp>

struct trade {
    double price;
};

struct options : millrace::ewma_zscore_defaults {
#ifdef MUST_FAIL
    static constexpr double alpha = 20;
#else
    static constexpr double alpha = 0.2;
#endif
};

int main() { millrace::ewma_zscore<&trade::price, options>{}.update(trade{}); }
