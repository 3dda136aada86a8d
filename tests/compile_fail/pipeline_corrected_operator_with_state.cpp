// An operator that remembers events cannot take one back.
// expect: operator needs: no state of its own where events may be corrected
#include "trades.hpp"

struct every_other : stage {
    bool skips = true;

    template <class Event>
    using output = Event;
    template <class Event>
    static consteval void require() {}
    template <class Event, class Emit>
    void apply(const Event& event, Emit&& emit) {
        if (skips = !skips; !skips) emit(event);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(skips);
    }
};

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
#ifndef MUST_FAIL
             final_only() |
#endif
             every_other{} | publish("some");
}
