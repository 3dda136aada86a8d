#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/answer_to.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/wake_up.hpp>
#include <millrace/pipeline/detail/state/answer_box.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// Events that wait for an answer from elsewhere. What is told of time waits behind the events that
/// came before it. While as many wait as may, the pipeline is behind, so that its input is held
/// back; who pushes all the same is blocked.
///
/// Time is over for a question by the readings of the wall's clock, from the first one behind it;
/// and, where there is nothing to do but to wait, by the time that passes.
///
/// What is thrown behind this at an event that waited is of no event that comes now: it is counted
/// here, and thrown when time is told or the pipeline goes on.
template <class Event, class Answer, bool IsInOrder, class Ask, class Combine, class Next>
class async_enrich_node : public forwarding_node<Next> {
    using steady = std::chrono::steady_clock;

public:
    static constexpr bool wants_wall_time = true;

    async_enrich_node(Ask ask, Combine combine, std::size_t limit, duration timeout,
                      closing_pace& pace, std::shared_ptr<wake_up> driver, Next n)
        : forwarding_node<Next>{std::move(n)},
          ask_{std::move(ask)},
          combine_{std::move(combine)},
          limit_{limit},
          timeout_{timeout},
          pace_{pace},
          driver_{std::move(driver)},
          box_{std::make_shared<answer_box<Answer>>(driver_)} {}

    void push(const Event& one, event_stamp at) {
        take_answers();
        wait_while([this] { return is_full(); });
        const auto added = waiting_.try_emplace(waiting_.end(), asked_++);
        try {
            added->second.event.assign(one);
            added->second.time = at.time;
            ask(*added);
        } catch (...) {
            waiting_.erase(added);
            throw;
        }
        take_answers();
        note_if_behind();
    }
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        take_answers();
        tell({.to = to, .why = why});
        failure_.rethrow();
    }
    void idle() {
        take_answers();
        tell({.is_idle = true});
        failure_.rethrow();
    }
    void active() { tell({.is_idle = false}); }

    void wall_time(timestamp now) {
        take_answers();
        end_questions([&](waiting& each) {
            if (!each.ends_at) each.ends_at = saturated_add(now, timeout_);
            return *each.ends_at <= now;
        });
        failure_.guard([&] { this->next.wall_time(now); });
        failure_.rethrow();
    }

    std::error_code finish() {
        wait_while([this] { return !waiting_.empty(); });
        const std::error_code error = failure_.guard([this] { return this->next.finish(); });
        failure_.rethrow();
        return error;
    }
    bool resume() {
        if (!this->next.resume()) return false;
        take_answers();
        if (is_full()) end_old_questions();
        note_if_behind();
        failure_.rethrow();
        return !is_full() && this->next.resume();
    }
    [[nodiscard]] bool has_room() const { return !is_full() && this->next.has_room(); }
    void flush() {
        wait_while([this] { return is_full(); });
        failure_.guard([this] { this->next.flush(); });
        failure_.rethrow();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.failed += failed_;
        constexpr std::size_t beside = 4 * sizeof(void*);  // of a node of the map
        for (const auto& [question, each] : waiting_)
            stats.state_bytes += sizeof(waiting) + beside + each.event.bytes();
        this->next.collect(stats);
    }

    /// What waits is asked anew where it is loaded, the next time that anything comes.
    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(waiting_, asked_, failed_, passed_on_, is_idle_);
        if constexpr (Archive::is_loading) {
            ar.require(waiting_.empty() || waiting_.rbegin()->first < asked_);
            box_ = std::make_shared<answer_box<Answer>>(driver_);
            has_to_ask_again_ = !waiting_.empty();
            pace_.is_behind = pace_.is_behind || is_full();
        }
        ar(this->next);
    }

private:
    /// What is told of time.
    struct news {
        std::optional<timestamp> to{};
        trigger why = trigger::watermark;
        std::optional<bool> is_idle{};

        void add(const news& later) {
            if (later.to) to = later.to, why = later.why;
            if (later.is_idle) is_idle = later.is_idle;
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(to, why, is_idle);
        }
    };
    struct waiting {
        kept_event<Event> event;
        timestamp time{};
        news behind;  ///< what was told since, before the next event
        std::optional<timestamp> ends_at;
        steady::time_point asked_at;
        bool is_answered = false;
        std::optional<Answer> answer;

        template <class Archive>
        void archive(Archive& ar) {
            ar(event, time, behind);
        }
    };
    using queue = std::map<std::uint64_t, waiting>;  // by the number of the question

    [[nodiscard]] bool is_full() const noexcept { return waiting_.size() >= limit_; }
    void note_if_behind() noexcept {
        pace_.is_behind = pace_.is_behind || is_full() || failure_.has();
    }

    void ask(typename queue::value_type& of) {
        of.second.asked_at = steady::now();
        std::invoke(ask_, std::as_const(of.second.event).value(),
                    answer_to<Answer>{box_, of.first});
    }
    void ask_again() {
        if (!std::exchange(has_to_ask_again_, false)) return;
        for (auto& each : waiting_) {
            if (!guard([&] { ask(each); })) each.second.is_answered = true;
        }
        give_answered();
    }

    void take_answers() {
        ask_again();
        box_->take(taken_);
        for (auto& [question, answer] : taken_) {
            const auto of = waiting_.find(question);
            if (of == waiting_.end()) continue;
            of->second.is_answered = true;
            of->second.answer = std::move(answer);
            if constexpr (!IsInOrder) give(of);
        }
        if constexpr (IsInOrder) give_answered();
    }
    /// Those of which `is_over(waiting)` have no answer.
    template <class IsOver>
    void end_questions(IsOver&& is_over) {
        for (auto& [question, each] : waiting_)
            if (!each.is_answered && is_over(each)) each.is_answered = true;
        give_answered();
    }
    void end_old_questions() {
        const auto now = steady::now();
        end_questions([&](const waiting& each) { return now - each.asked_at >= timeout_; });
    }

    void give_answered() {
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            const auto here = at++;
            if (here->second.is_answered) {
                give(here);
            } else if (IsInOrder) {
                return;
            }
        }
    }
    void give(typename queue::iterator at) {
        const waiting& of = at->second;
        static_cast<void>(guard([&] {
            this->next.push(
                std::invoke(combine_, of.event.value(), of.answer ? &*of.answer : nullptr),
                {of.time, passed_on_});
        }));
        const news behind = of.behind;
        const bool is_first = at == waiting_.begin();
        const auto later = waiting_.erase(at);
        if (is_first) {
            pass_on(behind);
        } else {
            std::prev(later)->second.behind.add(behind);
        }
    }
    /// What it throws is of an event that waited. @return whether it does not
    template <class Work>
    [[nodiscard]] bool guard(Work&& work) {
        try {
            work();
            return true;
        } catch (...) {
            ++failed_;
            failure_.keep_current();
            return false;
        }
    }

    void tell(const news& what) {
        if (waiting_.empty()) {
            pass_on(what);
        } else {
            waiting_.rbegin()->second.behind.add(what);
        }
    }
    void pass_on(const news& what) {
        if (what.to) {
            passed_on_ = *what.to;
            failure_.guard([&] { this->next.watermark(*what.to, what.why); });
        }
        if (!what.is_idle || *what.is_idle == is_idle_) return;
        is_idle_ = *what.is_idle;
        failure_.guard([&] { is_idle_ ? this->next.idle() : this->next.active(); });
    }

    template <class Condition>
    void wait_while(Condition&& holds) {
        take_answers();
        while (holds()) {
            const auto waited = steady::now() - first_open().asked_at;
            if (waited < timeout_)
                box_->wait_for(std::min<duration>(timeout_ - waited, std::chrono::minutes{1}));
            take_answers();
            end_old_questions();
        }
    }
    /// Something waits, and what has an answer waits for nothing but others.
    [[nodiscard]] const waiting& first_open() const {
        return std::ranges::find_if(waiting_,
                                    [](const auto& each) { return !each.second.is_answered; })
            ->second;
    }

    Ask ask_;
    Combine combine_;
    std::size_t limit_;
    duration timeout_;
    closing_pace& pace_;
    std::shared_ptr<wake_up> driver_;
    std::shared_ptr<answer_box<Answer>> box_;
    std::vector<typename answer_box<Answer>::entry> taken_;
    queue waiting_;
    std::uint64_t asked_ = 0;
    std::uint64_t failed_ = 0;
    timestamp passed_on_ = timestamp::min();
    bool is_idle_ = false;  // as the stages behind were told
    bool has_to_ask_again_ = false;
    first_exception failure_;
};

}  // namespace millrace::detail
