#pragma once

#include <cstdint>

namespace millrace::detail {

/// Looks at keys in turn, so that what is over goes though its key has no more events. Two for each
/// event that comes see more keys than are added, if each had a new one.
class key_sweep {
public:
    /// Calls `look(slot)` for those of the next `count` slots that are in use.
    template <class Keys, class Look>
    void operator()(Keys& keys, int count, Look&& look) {
        for (; count > 0 && keys.slots() > 0; --count) {
            if (++at_ >= keys.slots()) at_ = 0;
            if (auto& each = keys[at_]; each.is_used) look(each);
        }
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(at_);
    }

private:
    std::uint32_t at_ = 0;
};

}  // namespace millrace::detail
