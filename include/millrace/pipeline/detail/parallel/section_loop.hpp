#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <millrace/core/detail/text_arena.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/spsc_ring.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/failed_events.hpp>
#include <millrace/pipeline/detail/parallel/observed_lock.hpp>
#include <millrace/pipeline/detail/parallel/progress_count.hpp>
#include <millrace/pipeline/detail/parallel/section_batch.hpp>
#include <millrace/pipeline/detail/parallel/section_news.hpp>
#include <millrace/pipeline/detail/parallel/section_outputs.hpp>

namespace millrace::detail {

/// One of the loops that share the keys of a section: its nodes, and a thread that tells them what
/// comes, batch for batch. It stays where it is made.
///
/// What is thrown at an event costs that event alone, and is counted; the first exception of a
/// batch goes to who drives the pipeline.
template <class Stream, class Chain, class Exit>
class section_loop {
    using event = typename Stream::event_type;

public:
    using batch_type = section_batch<event>;

    /// @param build makes the nodes: `build(number, outputs, pace, failed)`
    template <class Build>
    section_loop(std::size_t number, const Build& build, section_news& news)
        : news_{news},
          outputs_{number, news, work_, busy_},
          chain_{build(number, outputs_, pace_, failed_)},
          thread_{[this] { run(); }} {}
    section_loop(const section_loop&) = delete;
    section_loop& operator=(const section_loop&) = delete;
    ~section_loop() {
        outputs_.stop();
        thread_.join();
    }

    // In the thread of the pipeline.

    /// The batch to fill, or null while there are too many.
    [[nodiscard]] batch_type* back() noexcept { return batches_.back(); }
    void send() noexcept {
        batches_.push();
        ++sent_;
        work_.advance();
    }
    /// Whether all that was sent is done; what came out may wait to be taken.
    [[nodiscard]] bool is_done() const noexcept {
        return done_.load(std::memory_order_acquire) == sent_;
    }
    [[nodiscard]] section_outputs<Exit>& outputs() noexcept { return outputs_; }

    template <class Stats>
    void collect(Stats& stats) const {
        busy_.look([&] {
            stats.failed += failures_;
            chain_.collect(stats);
        });
    }
    /// While nothing is under way.
    template <class Archive>
    void archive(Archive& ar) {
        busy_.look([&] { ar(failures_, chain_); });
    }

private:
    static constexpr std::size_t slots = 8;

    void run() {
        while (true) {
            const std::uint32_t seen = work_.now();
            if (outputs_.is_stopped()) return;
            batch_type* const batch = batches_.front();
            if (batch == nullptr) {
                work_.wait(seen);
                continue;
            }
            {
                const std::lock_guard held{busy_};
                take(*batch);
                outputs_.end_batch(batch->then != section_turn::none);
            }
            batch->clear();
            batches_.pop();
            done_.fetch_add(1, std::memory_order_release);
            news_();
        }
    }

    void take(const batch_type& batch) {
        has_reported_ = false;
        chain_.begin_batch();
        batch.for_each(
            [&](const auto& step, const event* before) {
                busy_.let_in();
                outputs_.set_cause(batch.first_cause + step.place);
                take(step, before);
                catch_up();
            },
            [&](const auto& rise) {
                outputs_.set_cause(batch.first_cause + rise.place);
                guard([&] { chain_.watermark(rise.to, rise.why); });
                catch_up();
            });
        end_nodes();
        outputs_.set_cause(batch.first_cause + batch.then_place);
        guard([&] { tell(batch); });
        catch_up();
        failed_.forget_before(failed_.in_hand() + 1);
    }

    [[gnu::always_inline]] void take(const typename batch_type::step& step,
                                     [[maybe_unused]] const event* before) {
        failed_.begin_event();
        try {
            if (step.kind == section_step::push) return chain_.push(step.event, step.at);
            if constexpr (Stream::is_updating) {
                if (step.kind == section_step::update)
                    return chain_.update(*before, step.event, step.at);
                if (step.kind == section_step::remove) return chain_.remove(step.event, step.at);
            }
            if constexpr (is_record<event>) chain_.preview(step.event, step.at);
        } catch (...) {
            if (failed_.note(failed_.in_hand())) ++failures_;
            report();
        }
    }

    /// It throws for each event that has waited and failed.
    void end_nodes() noexcept {
        for (bool is_done = false; !is_done;) {
            try {
                chain_.end_batch();
                is_done = true;
            } catch (...) {
                ++failures_;
                report();
            }
        }
    }

    void tell(const batch_type& batch) {
        switch (batch.then) {
            case section_turn::none: break;
            case section_turn::idle: chain_.idle(); break;
            case section_turn::active: chain_.active(); break;
            case section_turn::wall_time: chain_.wall_time(batch.wall_time); break;
            case section_turn::finish: static_cast<void>(chain_.finish()); break;
        }
    }

    /// Where it throws, what is due behind that waits.
    template <class Work>
    void guard(Work&& work) noexcept {
        try {
            work();
        } catch (...) {
            report();
            pace_.is_behind = true;
        }
    }
    void catch_up() noexcept {
        while (std::exchange(pace_, {}).is_behind)
            guard([this] { static_cast<void>(chain_.resume()); });
    }
    void report() noexcept {
        if (has_reported_) return;
        try {
            outputs_.put(0, [thrown = std::current_exception()](text_arena&) {
                return [thrown](Exit& exit) { exit.report(thrown); };
            });
            has_reported_ = true;
        } catch (...) {
            // There is no memory for it: the next one is reported.
        }
    }

    section_news& news_;
    progress_count work_;  ///< there is more to do, or room for what comes out
    spsc_ring<batch_type> batches_{slots};
    std::uint64_t sent_ = 0;
    std::atomic<std::uint64_t> done_ = 0;
    observed_lock busy_;  ///< of what is below
    closing_pace pace_{};
    failed_events failed_;
    section_outputs<Exit> outputs_;
    std::uint64_t failures_ = 0;
    bool has_reported_ = false;
    Chain chain_;
    std::thread thread_;
};

}  // namespace millrace::detail
