#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// Applies an operator to what comes. Of what was corrected or taken back it takes back what it
/// gave of that, which it learns by applying the operator again.
template <class Operator, class Next>
struct operator_node : forwarding_node<Next> {
    Operator op;

    operator_node(Operator o, Next n) : forwarding_node<Next>{std::move(n)}, op{std::move(o)} {}

    template <class Event>
    [[gnu::always_inline]] void push(const Event& event, event_stamp at) {
        if constexpr (emits_at_most_one) {
            op.apply(
                event, [&](const auto& out)
                           __attribute__((always_inline)) { this->next.push(out, at); });
        } else {
            first_exception thrown;
            op.apply(event,
                     [&](const auto& out) { thrown.guard([&] { this->next.push(out, at); }); });
            thrown.rethrow();
        }
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        if constexpr (emits_at_most_one) {
            bool is_gone = false;
            apply_again(before, is_gone, [&](const auto& out) {
                with_own_text(out, [&](const auto& gone) { replace(gone, after, at); });
            });
            if (!is_gone) push_instead(after, at);
        } else {
            replace_all(before, after, at);
        }
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        first_exception thrown;
        bool is_gone = false;
        apply_again(gone, is_gone,
                    [&](const auto& out) { thrown.guard([&] { this->next.remove(out, at); }); });
        thrown.rethrow();
    }
    /// By a copy of an operator that has state: nothing is learned from a preview.
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        const auto show = [&](const auto& out) { this->next.preview(out, at); };
        if constexpr (archivable<Operator>) {
            Operator copy = op;
            copy.apply(row, show);
        } else {
            op.apply(row, show);
        }
    }
    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (archivable<Operator>) ar(op);
        ar(this->next);
    }

private:
    static constexpr bool emits_at_most_one = requires { typename Operator::emits_at_most_one; };

    /// To an event that it was applied to before. Where it threw then, it throws now, and what it
    /// did not give is not to be taken back; but what `give` throws goes on.
    template <class Event, class Give>
    void apply_again(const Event& before, bool& is_given, Give&& give) {
        bool is_giving = false;
        try {
            op.apply(before, [&](const auto& out) {
                is_given = is_giving = true;
                give(out);
                is_giving = false;
            });
        } catch (...) {
            if (is_giving) throw;
        }
    }

    /// What comes out is good until the operator is called again, which may use its memory anew.
    template <class Out, class Use>
    void with_own_text(const Out& out, Use&& use) {
        if constexpr (has_views_to_own<Out>) {
            Out kept = out;
            text_.resize(viewed_bytes(kept));
            copy_viewed(kept, text_.data());
            use(kept);
        } else {
            use(out);
        }
    }

    template <class Out, class Event>
    void replace(const Out& gone, const Event& after, event_stamp at) {
        first_exception thrown;
        bool is_replaced = false;
        thrown.guard([&] {
            op.apply(after, [&](const auto& come) {
                is_replaced = true;
                this->next.update(gone, come, at);
            });
        });
        if (!is_replaced)
            thrown.guard([&] { this->next.remove(marked(gone, change::remove), at); });
        thrown.rethrow();
    }

    template <class Event>
    void push_instead(const Event& after, event_stamp at) {
        op.apply(after,
                 [&](const auto& come) { this->next.push(marked(come, change::insert), at); });
    }

    template <class Event>
    void replace_all(const Event& before, const Event& after, event_stamp at) {
        using out = typename Operator::template output<Event>;
        std::vector<kept_event<out>> gone;
        bool is_given = false;
        apply_again(before, is_given, [&](const auto& each) { gone.emplace_back(each); });
        first_exception thrown;
        std::size_t replaced = 0;
        const auto give = [&](const auto& come) {
            if (replaced < gone.size()) {
                this->next.update(gone[replaced++].value(), come, at);
            } else {
                this->next.push(marked(come, change::insert), at);
            }
        };
        thrown.guard(
            [&] { op.apply(after, [&](const auto& come) { thrown.guard([&] { give(come); }); }); });
        for (; replaced < gone.size(); ++replaced)
            thrown.guard(
                [&] { this->next.remove(marked(gone[replaced].value(), change::remove), at); });
        thrown.rethrow();
    }

    std::vector<char> text_;
};

}  // namespace millrace::detail
