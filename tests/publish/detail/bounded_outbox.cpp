#include <millrace/publish/detail/bounded_outbox.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "message.hpp"

using namespace millrace;

namespace {

using outbox = detail::bounded_outbox<message>;
using fate = detail::offer_result::fate;
using detail::flush_result;

constexpr detail::outbox_limits limits{.max_bytes = 1000, .high_water = 500, .low_water = 200};

/// As much text as costs `bytes`.
std::string text_of(std::size_t bytes) {
    return std::string(bytes - outbox::message_overhead_bytes, 'x');
}

std::vector<std::string> waiting(const outbox& box) {
    std::array<std::span<const char>, 64> parts;
    std::vector<std::string> texts;
    for (std::size_t i = 0, count = box.gather(std::span{parts.data(), parts.size()}); i != count;
         ++i)
        texts.emplace_back(parts[i].begin(), parts[i].end());
    return texts;
}

/// The same decisions, of a plain list.
struct naive_outbox {
    std::deque<message> waiting{};
    bool is_congested = false, has_lost = false;

    [[nodiscard]] std::size_t bytes() const {
        std::size_t all = 0;
        for (const auto& each : waiting) all += each.size() + outbox::message_overhead_bytes;
        return all;
    }
    void write(std::size_t count) {
        while (count-- != 0 && !waiting.empty()) waiting.pop_front();
    }
    void relieve() {
        if (is_congested && bytes() <= limits.low_water) is_congested = has_lost = false;
    }

    /// `taken` messages may be written meanwhile, if it is known how many.
    detail::offer_result offer(const message& next, overflow_policy policy,
                               std::optional<std::size_t> taken) {
        const std::size_t cost = next.size() + outbox::message_overhead_bytes;
        if (is_congested && policy == overflow_policy::conflate && next.about != 0) {
            write(taken.value_or(0));
            const auto last = std::find_if(waiting.rbegin(), waiting.rend(), [&](const auto& each) {
                return each.about == next.about;
            });
            if (taken && bytes() > limits.low_water && last != waiting.rend() &&
                bytes() - last->size() + next.size() <= limits.max_bytes) {
                *last = next;
                return {fate::replaced, 1};
            }
        }
        detail::offer_result result;
        if (bytes() + cost > limits.max_bytes) write(taken.value_or(0));
        if (bytes() + cost > limits.max_bytes) {
            if (policy == overflow_policy::disconnect) return {fate::too_slow, 1};
            while (!waiting.empty() && bytes() + cost > limits.max_bytes) {
                waiting.pop_front();
                ++result.dropped;
            }
            result.is_first_loss = !std::exchange(has_lost, true);
            if (cost > limits.max_bytes)
                return {fate::refused, result.dropped + 1, result.is_first_loss};
        }
        waiting.push_back(next);
        is_congested = is_congested || bytes() > limits.high_water;
        return result;
    }
};

}  // namespace

TEST_CASE("an outbox with limits decides as a plain list does, on random input") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const auto policy = static_cast<overflow_policy>(seed % 3);
        outbox box{limits};
        naive_outbox model;
        for (int step = 0; step < 200; ++step) {
            CAPTURE(step);
            const auto write = [&](std::size_t count) {
                for (const auto& each : waiting(box))
                    if (count-- != 0)
                        box.written(each.size());
                    else
                        break;
            };
            if (random() % 4 == 0) {
                const std::size_t taken = random() % 4;
                write(taken);
                model.write(taken);
                const bool was_congested = model.is_congested;
                model.relieve();
                REQUIRE(box.relieve() == (was_congested && !model.is_congested));
            } else {
                const std::size_t size = random() % 40 == 0 ? 1100 : 80 + random() % 100;
                const message next{std::to_string(step) + text_of(size), random() % 5};
                std::optional<std::size_t> taken;
                if (random() % 4 != 0) taken = random() % 3 == 0 ? 1 : 0;
                const auto flush = [&] {
                    write(taken.value_or(0));
                    return taken ? flush_result::written : flush_result::deferred;
                };
                const auto got = box.offer(next, policy, flush, std::identity{});
                const auto expected = model.offer(next, policy, taken);
                REQUIRE(got.what == expected.what);
                REQUIRE(got.dropped == expected.dropped);
                REQUIRE(got.is_first_loss == expected.is_first_loss);
            }
            REQUIRE(box.is_congested() == model.is_congested);
            REQUIRE(box.size_bytes() == model.bytes());
            const auto texts = waiting(box);
            REQUIRE(std::equal(texts.begin(), texts.end(), model.waiting.begin(),
                               model.waiting.end(),
                               [](const auto& a, const message& b) { return a == b.text; }));
        }
    }
}

TEST_CASE("a consumer that is found to be gone is offered nothing, whatever would be dropped") {
    const auto written = [] { return flush_result::written; };
    const auto gone = [] { return flush_result::gone; };
    outbox box{limits};
    for (int i = 0; i != 5; ++i)
        REQUIRE(box.offer({text_of(200), 1}, overflow_policy::drop_oldest, written, std::identity{})
                    .is_sent());
    for (const auto policy :
         {overflow_policy::drop_oldest, overflow_policy::conflate, overflow_policy::disconnect}) {
        const auto result = box.offer({text_of(200), 1}, policy, gone, std::identity{});
        REQUIRE(result.what == fate::gone);
        REQUIRE(result.dropped == 0);
        REQUIRE_FALSE(result.is_sent());
    }
    REQUIRE(box.size_bytes() == limits.max_bytes);
}

TEST_CASE("what is encoded is queued, once, and only if it is") {
    outbox box{limits};
    int encoded = 0;
    const auto offer = [&](std::size_t bytes, overflow_policy policy) {
        return box.offer(
            {text_of(bytes), 1}, policy, [] { return flush_result::written; },
            [&](message from) {
                from.text = std::to_string(++encoded) + " " + from.text;
                return from;
            });
    };
    REQUIRE(offer(300, overflow_policy::drop_oldest).what == fate::queued);
    REQUIRE(offer(300, overflow_policy::drop_oldest).what == fate::queued);
    REQUIRE(offer(900, overflow_policy::disconnect).what == fate::too_slow);
    REQUIRE(encoded == 2);
    REQUIRE(offer(100, overflow_policy::conflate).what == fate::replaced);
    REQUIRE(encoded == 3);
    REQUIRE(waiting(box)[0].starts_with("1 x"));
    REQUIRE(waiting(box)[1].starts_with("3 x"));
}
