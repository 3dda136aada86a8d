// The projection of a mean must give a number.
// expect: analyzer needs: void update(const Event&)
#include <string>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/analyzers/mean.hpp>

struct trade {
    std::string symbol;
    double price;
};

int main() {
#ifdef MUST_FAIL
    millrace::require_analyzer<millrace::mean<&trade::symbol>, trade>();
#else
    millrace::require_analyzer<millrace::mean<&trade::price>, trade>();
#endif
}
