// What was said of a session's events may not be taken back.
// expect: session needs: events that are not corrected; put final_only() before it
#include <millrace/windows/session.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>()
#ifndef MUST_FAIL
             | final_only()
#endif
             | window(session{5s}, drop_late) | process<count>();
}
