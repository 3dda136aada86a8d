#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/run.hpp>

#include "catch.hpp"
#include "trade.hpp"

using strings = std::vector<std::string>;

/// Notes trades as "SYMBOL PRICE TIME", in whole numbers.
struct note_trades {
    strings* out;

    void operator()(const trade& one) const {
        out->push_back(std::string{one.symbol} + " " +
                       std::to_string(static_cast<long long>(one.price)) + " " +
                       std::to_string(one.time.time_since_epoch() / std::chrono::milliseconds{1}));
    }
};

/// What lets events through by the textbook: `passes(event, watermark)`, in milliseconds.
using naive_gate = std::function<bool(const trade&, long long)>;

/// Random trades, out of order, through a pipeline that is saved and loaded on the way, and through
/// a model.
template <class Describe>
void check_gate(std::mt19937& random, Describe&& description, naive_gate passes) {
    constexpr long long disorder = 30;
    strings out, right;
    const auto begin = [&] {
        return millrace::start(
            millrace::from<trade>("t", millrace::any_time,
                                  millrace::disorder{std::chrono::milliseconds{disorder}}) |
                description(),
            note_trades{&out});
    };
    auto running = begin();
    long long now = 0, latest = -1'000'000;
    for (int i = 0; i < 300; ++i) {
        now += static_cast<long long>(random() % 10);
        if (random() % 50 == 0) now += 300;
        const long long time = now - static_cast<long long>(random() % 40);
        const std::string symbol(1 + random() % 20, static_cast<char>('a' + random() % 3));
        const trade one{symbol, static_cast<double>(random() % 5), static_cast<double>(i),
                        at_ms(time)};
        if (passes(one, latest - disorder)) note_trades{&right}(one);
        running.push(one);
        latest = std::max(latest, time);
        if (random() % 60 == 0) {
            auto loaded = begin();
            REQUIRE_FALSE(load(save(running), loaded));
            running = std::move(loaded);
        }
    }
    REQUIRE(out == right);
}

inline long long ms_of_trade(const trade& one) {
    return one.time.time_since_epoch() / std::chrono::milliseconds{1};
}
