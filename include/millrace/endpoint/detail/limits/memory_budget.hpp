#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/log.hpp>

namespace millrace::detail {

/// How many connections of each loop to end, the largest of all first, until `excess` bytes are
/// free. `sizes[i]` are those of loop i, the largest first.
[[nodiscard]] std::vector<std::size_t> largest_of_all(
    const std::vector<std::vector<std::size_t>>& sizes, std::size_t excess);

/// Keeps what an endpoint's connections hold in memory, in all loops together, within a limit.
///
/// Each loop counts for itself: what a connection alone holds (`stream_connection::held_bytes`) as
/// it changes, and frames, which many may share, once, in their pool. It tells the sum when that
/// has changed by more than a slice. Over the limit, all loops name their largest connections, in
/// which a shared frame counts by its share, and the largest of all are ended until an eighth of
/// the limit is free.
///
/// `Endpoint` has `options()`, `workers()`, `memory_bytes()` and `post` (see `endpoint_core`).
template <class Endpoint>
class memory_budget {
public:
    explicit memory_budget(Endpoint& endpoint) : endpoint_{endpoint} {}

    /// How much each of so many loops may change until it has to tell.
    [[nodiscard]] std::size_t slice_bytes(std::size_t loops) const noexcept {
        return std::clamp<std::size_t>(max_bytes() / 32 / loops, 1, 1024 * 1024);
    }

    /// A loop holds more than it told last. From any thread.
    template <class Worker>
    void on_growth(Worker& grown) {
        const std::size_t bytes = endpoint_.memory_bytes();
        if (bytes <= max_bytes()) return;
        // So far beyond, the other loops are not waited for.
        if (bytes - max_bytes() > max_bytes() / 4) grown.end_largest(SIZE_MAX, excess(bytes));
        if (is_asked_.exchange(true)) return;
        if (grown.is_first()) return ask();
        endpoint_.post([](Endpoint& endpoint) { endpoint.budget.ask(); });
    }

    /// In the first loop, now and then: asks once more, whatever became of the last answers.
    void tick() {
        if (endpoint_.memory_bytes() > max_bytes()) ask();
    }

private:
    [[nodiscard]] std::size_t max_bytes() const noexcept {
        return endpoint_.options().max_memory_bytes;
    }

    [[nodiscard]] std::size_t excess(std::size_t bytes) const noexcept {
        const std::size_t wanted = max_bytes() - max_bytes() / 8;
        return bytes > wanted ? bytes - wanted : 0;
    }

    /// In the first loop, in which the answers come together.
    void ask() {
        is_asked_ = true;
        const auto round = ++round_;
        sizes_.assign(endpoint_.workers().size(), {});
        waiting_ = sizes_.size();
        for (std::size_t i = 0; i != sizes_.size(); ++i) {
            endpoint_.workers()[i]->run([this, round, i](auto& asked) {
                if (asked.is_first()) return add(round, i, asked.largest());
                asked.owner().post([round, i, sizes = asked.largest()](Endpoint& endpoint) mutable {
                    endpoint.budget.add(round, i, std::move(sizes));
                });
            });
        }
    }

    void add(std::uint64_t round, std::size_t loop, std::vector<std::size_t> sizes) {
        if (round != round_) return;
        sizes_[loop] = std::move(sizes);
        if (--waiting_ != 0) return;
        is_asked_ = false;
        const std::size_t bytes = endpoint_.memory_bytes();
        if (bytes <= max_bytes()) return;
        const auto counts = largest_of_all(sizes_, excess(bytes));
        std::size_t all = 0;
        for (std::size_t i = 0; i != counts.size(); ++i) {
            all += counts[i];
            if (counts[i] == 0) continue;
            endpoint_.workers()[i]->run(
                [count = counts[i]](auto& w) { w.end_largest(count, SIZE_MAX); });
        }
        if (all == 0) return;
        endpoint_.shared_loop()->tell(log_severity::error, log_event::memory_exhausted, 0,
                                      std::to_string(bytes) + " bytes of " +
                                          std::to_string(max_bytes()) + " are held: the " +
                                          std::to_string(all) + " largest connections are ended");
    }

    Endpoint& endpoint_;
    std::atomic<bool> is_asked_{false};
    std::vector<std::vector<std::size_t>> sizes_;
    std::size_t waiting_ = 0;
    std::uint64_t round_ = 0;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/limits/memory_budget.ipp>
#endif
