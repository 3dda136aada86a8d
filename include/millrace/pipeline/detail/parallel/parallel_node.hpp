#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/wake_up.hpp>
#include <millrace/pipeline/detail/parallel/key_groups.hpp>
#include <millrace/pipeline/detail/parallel/section_batch.hpp>
#include <millrace/pipeline/detail/parallel/section_end.hpp>
#include <millrace/pipeline/detail/parallel/section_loop.hpp>
#include <millrace/pipeline/detail/parallel/section_news.hpp>

namespace millrace::detail {

/// Spreads a stream over the loops of a section by its key, in batches, and takes what comes out
/// of them whenever it is told something. While a loop can take no more batches the pipeline is
/// behind, so that its input is held back; who pushes all the same is blocked.
///
/// What is thrown in the loops, or behind this at what came out of them, is of no event that comes
/// now: it is counted, and thrown when time is told or the pipeline goes on.
template <class Stream, class Chain, class Exit>
class parallel_node : public Exit {
    using event = typename Stream::event_type;
    using loop = section_loop<Stream, Chain, Exit>;

public:
    static constexpr bool wants_wall_time = true;  // for what has come out meanwhile

    template <class Next, class Build>
    parallel_node(const Stream& in, std::size_t loops, const Build& build, closing_pace& pace,
                  std::shared_ptr<wake_up> driver, Next n)
        : Exit{loops, std::move(n)},
          key_{in.key},
          groups_{loops},
          pace_{pace},
          open_(loops),
          news_{std::make_unique<section_news>(std::move(driver))},
          taken_(loops) {
        for (std::size_t i = 0; i != loops; ++i)
            loops_.push_back(std::make_unique<loop>(i, build, *news_));
    }

    [[gnu::always_inline]] void push(const event& one, event_stamp at) {
        add(loop_of(one), section_step::push, one, at);
        ++place_;
        send_if_due();
    }
    void update(const event& before, const event& after, event_stamp at) {
        const std::size_t from = loop_of(before), to = loop_of(after);
        if (from == to) {
            add(to, section_step::before, before, at);
            add(to, section_step::update, after, at);
        } else {
            add(from, section_step::remove, marked(before, change::remove), at);
            add(to, section_step::push, marked(after, change::insert), at);
        }
        ++place_;
        send_if_due();
    }
    void remove(const event& gone, event_stamp at) {
        add(loop_of(gone), section_step::remove, gone, at);
        ++place_;
        send_if_due();
    }
    void preview(const event& row, event_stamp at) {
        add(loop_of(row), section_step::preview, row, at);
        ++place_;
        send_if_due();
    }
    void watermark(timestamp to, trigger why) {
        begin();
        for (auto* const each : open_) each->add(place_, to, why);
        ++place_;
        send_if_due();
        this->failure_.rethrow();
    }

    void begin_batch() noexcept { is_in_batch_ = true; }
    void end_batch() {
        is_in_batch_ = false;
        if (is_open_) send(section_turn::none);
    }
    void active() { send(section_turn::active); }
    void idle() {
        send(section_turn::idle);
        this->failure_.rethrow();
    }
    void wall_time(timestamp now) {
        if constexpr (Chain::wants_wall_time || Exit::wants_wall_time) {
            send(section_turn::wall_time, now);
        } else {
            take_results();
        }
        this->failure_.rethrow();
    }

    std::error_code finish() {
        send(section_turn::finish);
        wait_for_all();
        const std::error_code error = this->failure_.guard([this] { return this->next.finish(); });
        this->failure_.rethrow();
        return error;
    }
    bool resume() {
        if (!this->next.resume()) return false;
        take_results();
        note_if_behind();
        this->failure_.rethrow();
        return !pace_.is_behind && this->next.resume();
    }
    [[nodiscard]] bool has_room() const { return !is_full() && this->next.has_room(); }
    void flush() {
        wait_for_room();
        this->failure_.guard([this] { this->next.flush(); });
        this->failure_.rethrow();
    }
    void settle() {
        if (is_open_) send(section_turn::none);
        wait_for_all();
        this->next.settle();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.failed += this->failed_;
        const auto collect_one = [&](std::size_t i) { loops_[i]->collect(stats); };
        if constexpr (requires { stats.collect_copies(loops_.size(), collect_one); }) {
            stats.collect_copies(loops_.size(), collect_one);
        } else {
            for (std::size_t i = 0; i != loops_.size(); ++i) collect_one(i);
        }
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        std::uint64_t count = loops_.size();
        ar(count);
        ar.require(count == loops_.size());
        for (const auto& each : loops_) each->archive(ar);
        Exit::archive(ar);
    }

private:
    static constexpr std::uint32_t max_places = 512;

    [[nodiscard, gnu::always_inline]] std::size_t loop_of(const event& one) const {
        return groups_.loop_of(project(key_.projection, one));
    }

    [[gnu::always_inline]] void add(std::size_t to, section_step kind, const event& one,
                                    event_stamp at) {
        begin();
        open_[to]->add(place_, kind, one, at);
    }

    [[gnu::always_inline]] void begin() {
        if (!is_open_) [[unlikely]]
            open();
    }
    void open() {
        wait_for_room();
        for (std::size_t i = 0; i != loops_.size(); ++i) open_[i] = loops_[i]->back();
        is_open_ = true;
    }

    [[gnu::always_inline]] void send_if_due() {
        if (!is_in_batch_ || place_ >= max_places) [[unlikely]]
            send(section_turn::none);
    }

    /// What has come since it was called last, and what all are to be told behind that.
    void send(section_turn then, timestamp wall_time = {}) {
        begin();
        if (then != section_turn::none) this->expect(then, wall_time);
        for (const auto& each : loops_) {
            auto& batch = *each->back();
            batch.first_cause = first_cause_;
            batch.then = then;
            batch.then_place = place_;
            batch.wall_time = wall_time;
            each->send();
        }
        is_open_ = false;
        first_cause_ += place_ + 1;
        place_ = 0;
        take_results();
        note_if_behind();
    }

    [[nodiscard]] bool is_full() const noexcept {
        return !is_open_ &&
               std::ranges::any_of(loops_, [](const auto& each) { return !each->back(); });
    }
    void note_if_behind() noexcept {
        pace_.is_behind = pace_.is_behind || is_full() || this->failure_.has();
    }

    void wait_for_room() {
        while (is_full()) {
            const std::uint32_t seen = news_->progress().now();
            take_all_results();
            if (is_full()) news_->progress().wait(seen);
        }
    }
    void wait_for_all() {
        while (true) {
            const std::uint32_t seen = news_->progress().now();
            const bool is_done =
                std::ranges::all_of(loops_, [](const auto& each) { return each->is_done(); });
            take_all_results();
            if (is_done) return;
            news_->progress().wait(seen);
        }
    }

    /// As many as may go on in this turn, as of windows that close in slices.
    void take_results() {
        take_while([this] {
            return !pace_.is_behind && pace_.take([this] { return this->next.has_room(); });
        });
    }
    void take_all_results() {
        take_while([this] {
            if (!this->next.has_room()) this->failure_.guard([this] { this->next.flush(); });
            return true;
        });
    }
    template <class MayTake>
    void take_while(const MayTake& may_take) {
        news_->look();
        const at_exit end{[this] { this->end_results(); }};
        if constexpr (Exit::is_ordered) {
            while (!results_.empty() || put_in_order()) {
                for (; next_result_ != results_.size(); ++next_result_) {
                    if (!may_take()) return;
                    tell_rises_before(results_[next_result_]->when().cause);
                    call(*results_[next_result_]);
                }
                tell_rises_before(std::numeric_limits<std::uint64_t>::max());
                results_.clear();
                for (std::size_t i = 0; i != loops_.size(); ++i) end_slot(i);
            }
        } else {
            for (std::size_t i = 0; i != loops_.size(); ++i) {
                while (auto* const slot = loops_[i]->outputs().front()) {
                    const auto results = slot->calls.entries();
                    for (; taken_[i] != results.size(); ++taken_[i]) {
                        if (!may_take()) return;
                        call(results[taken_[i]]);
                    }
                    end_slot(i);
                }
            }
        }
    }

    /// What has a watermark's cause comes before it.
    void tell_rises_before(std::uint64_t cause) noexcept {
        const auto& rises = loops_.front()->outputs().front()->rises;
        for (; next_rise_ != rises.size() && rises[next_rise_].cause < cause; ++next_rise_)
            this->tell_watermark(rises[next_rise_].to, rises[next_rise_].why);
    }

    /// Those of a batch, once all loops have done it.
    [[nodiscard]] bool put_in_order() {
        const auto has_slot = [](const auto& each) { return each->outputs().front() != nullptr; };
        if (!std::ranges::all_of(loops_, has_slot)) return false;
        try {
            for (const auto& each : loops_)
                for (auto& result : each->outputs().front()->calls.entries())
                    results_.push_back(&result);
        } catch (...) {
            results_.clear();
            throw;
        }
        // What has one key comes from one loop, whose list has it in order.
        std::ranges::sort(results_, {}, [](const auto* each) {
            return std::pair{each->when(), each};
        });
        next_result_ = next_rise_ = 0;
        return true;
    }

    void end_slot(std::size_t of) noexcept {
        auto& outputs = loops_[of]->outputs();
        const bool ends_turn = outputs.front()->ends_turn;
        taken_[of] = 0;
        outputs.pop();
        if (ends_turn) this->note_turn(of);
    }

    template <class Result>
    void call(Result& result) noexcept {
        try {
            result.call(*this);
        } catch (...) {
            this->note_failure();
        }
    }

    typename Stream::key_by_type key_;
    key_groups groups_;
    closing_pace& pace_;
    std::vector<section_batch<event>*> open_;  // a batch for each loop
    bool is_open_ = false;                     // they are being filled
    std::unique_ptr<section_news> news_;
    std::vector<std::unique_ptr<loop>> loops_;
    std::vector<typename call_list<Exit>::entry*> results_;  // of a batch, put in order
    std::size_t next_result_ = 0;
    std::size_t next_rise_ = 0;
    std::vector<std::size_t> taken_;  // of each loop's first list
    std::uint64_t first_cause_ = 0;
    std::uint32_t place_ = 0;  // of what comes next, in the batches that are filled
    bool is_in_batch_ = false;
};

}  // namespace millrace::detail
