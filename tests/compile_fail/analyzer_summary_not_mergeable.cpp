// A summary merges only when all its parts do.
// expect: analyzer needs: void merge(const A&) (see millrace/analyzers/analyzer.hpp)
#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/summary.hpp>

struct trade {
    double price;
};

using namespace millrace;

#ifdef MUST_FAIL
using both = summary<count, ewma_zscore<&trade::price>>;
#else
using both = summary<count, mean<&trade::price>>;
#endif

int main() { require_mergeable<both>(); }
