// What is behind early records takes corrections.
// expect: process needs: an analyzer with void retract(const Event&)
#include <millrace/operators/final_only.hpp>

#include "trades.hpp"

struct last {
    template <class Event>
    void update(const Event&) {}
    double result() const { return 0; }
    template <class Archive>
    void archive(Archive&) {}
};
auto counts =
    from<trade>("t") | window(tumbling{1s}, early{events{2}}, drop_late) | process<count>();
#ifdef MUST_FAIL
auto p = counts | process<last>();
#else
auto p = counts | final_only() | process<last>();
#endif
int main() {}
