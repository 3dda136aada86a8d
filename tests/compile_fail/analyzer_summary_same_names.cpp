// Two fields of a summary must not have one name.
// expect: summary: two results have a field of the same name
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/summary.hpp>

struct trade {
    double price;
    double size;
};

using namespace millrace;

#ifdef MUST_FAIL
using both = summary<mean<&trade::price>, mean<&trade::size>>;
#else
using both = summary<mean<&trade::price>, named<"mean_size", mean<&trade::size>>>;
#endif

int main() { both{}.update(trade{}); }
