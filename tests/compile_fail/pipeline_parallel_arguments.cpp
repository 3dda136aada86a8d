// The number of loops comes first, and the stages are joined by |.
// expect: parallel needs: how many loops, ordered if it is asked for
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
#ifdef MUST_FAIL
    auto p = keyed | parallel(2, window(tumbling{1s}, drop_late), process<count>());
#else
    auto p = keyed | parallel(2, window(tumbling{1s}, drop_late) | process<count>());
#endif
}
