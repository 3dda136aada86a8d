#pragma once

#include <algorithm>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>

namespace millrace::detail {

/// Windows of a stream whose keys each have a watermark of their own, which close at once, not in
/// slices.
///
/// `Node` derives from it, is its friend, and has a `key_table` named `table_`, whose slots say
/// when something becomes `due` of their windows and which `watermark` the stages behind were told,
/// and
///
/// | member                      | meaning                                                 |
/// |-----------------------------|---------------------------------------------------------|
/// | `close_due(slot, to, why)`  | closes all that is due, whatever a consumer throws      |
/// | `show_open(slot)`           | shows the key's open windows                            |
///
/// @tparam Base of the node, a `window_base`
template <class Node, class Base>
class key_closing_base : public Base {
public:
    /// Of the whole stream: of every key.
    void watermark(timestamp to, trigger why) {
        first_exception thrown;
        thrown.guard([&] { close_all(to, why); });
        thrown.guard([&] { this->next_.watermark(to, why); });
        thrown.rethrow();
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        first_exception thrown;
        if (auto* const found = node().table_.find(sought); found != nullptr && to >= found->due) {
            thrown.guard([&] { node().close_due(*found, to, why); });
        } else if (found != nullptr) {
            note_watermark(*found, to);
        }
        thrown.guard([&] { this->next_.key_watermark(sought, to, why); });
        thrown.rethrow();
    }

    void idle() { this->next_.idle(); }

    template <class Key>
    void key_idle(const Key& sought) {
        if (auto* const found = node().table_.find(sought)) node().show_open(*found);
        this->next_.key_idle(sought);
    }

    bool resume() { return this->next_.resume(); }

    std::error_code finish() {
        first_exception thrown;
        thrown.guard([this] { close_all(timestamp::max(), trigger::stop); });
        const std::error_code error = thrown.guard([this] { return this->next_.finish(); });
        thrown.rethrow();
        return error;
    }

protected:
    using Base::Base;

    template <class Slot>
    void note_watermark(Slot& of, timestamp to) noexcept {
        of.watermark = std::max(of.watermark, to);
        latest_ = std::max(latest_, to);
    }

    timestamp latest_ = timestamp::min();  // the furthest watermark of a key

private:
    [[nodiscard]] Node& node() noexcept { return static_cast<Node&>(*this); }

    void close_all(timestamp to, trigger why) {
        first_exception thrown;
        node().table_.for_each(
            [&](auto& each) { thrown.guard([&] { node().close_due(each, to, why); }); });
        thrown.rethrow();
    }
};

}  // namespace millrace::detail
