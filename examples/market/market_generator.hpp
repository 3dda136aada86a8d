#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <queue>
#include <random>
#include <string_view>
#include <variant>
#include <vector>

#include "market.hpp"

/// A made-up trading session of 20 symbols, the same each time: quotes and trades with bursts, in
/// the order in which they arrive. Most arrive within 200 ms, in disorder; of the trades one in
/// 100 is reported 1 to 2.5 s late, and one in 2,000 half a minute late.
///
/// What is held are the events of the last half minute that are still on their way.
class market_generator {
public:
    struct arrival {
        millrace::timestamp at;
        std::uint64_t number;
        std::variant<trade, quote> event;

        /// For a queue whose first arrives first.
        bool operator<(const arrival& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };

    static constexpr std::array<std::string_view, 20> symbols{
        "ALDR", "BRCH", "CEDR", "DOGW", "ELMS", "FIRS", "GNKO", "HAZL", "IRON", "JNPR",
        "KAPK", "LRCH", "MPLE", "NTMG", "OAKS", "PINE", "QUIN", "ROWN", "SPRC", "TEAK"};

    explicit market_generator(millrace::timestamp start) : now_{start} {
        double price = 18;
        for (market& each : markets_) {
            each.middle = price;
            each.activity = 0.5 + 4 * random() * random();
            price = std::round(price * 118) / 100;
        }
    }

    /// The next event to arrive; valid until the next call.
    const arrival& next() {
        using namespace std::chrono_literals;
        if (is_taken_) on_their_way_.pop();
        while (on_their_way_.empty() || on_their_way_.top().at >= now_) {
            for (std::size_t i = 0; i < symbols.size(); ++i) step(symbols[i], markets_[i]);
            now_ += slot;
        }
        is_taken_ = true;
        return on_their_way_.top();
    }

private:
    using milliseconds = std::chrono::milliseconds;
    static constexpr milliseconds slot{50};

    struct market {
        double middle = 0;
        double activity = 0;  ///< trades a second
        double trend = 0;
        int burst = 0;  ///< slots that it goes on for
        quote best{};
    };

    /// What happens to a symbol in one slot: a quote in its first half, trades in its second.
    void step(std::string_view symbol, market& m) {
        if (m.burst > 0) {
            --m.burst;
        } else if (random() < 0.0006) {
            m.burst = 40 + int(random() * 120);
            m.trend = 2 * random() - 1;
        }
        const double pace = m.activity * (m.burst > 0 ? 8 : 1) * 0.05;
        if (m.best.bid == 0 || random() < 1.5 * pace + 0.02) move(symbol, m);
        if (random() < pace) trade_at(symbol, m);
    }

    void move(std::string_view symbol, market& m) {
        const double noise = random() + random() + random() - 1.5;
        m.middle *= 1 + 0.00012 * noise + (m.burst > 0 ? 0.00005 * m.trend : 0);
        const double width = m.middle * (m.burst > 0 ? 0.0006 : 0.0002) * (0.5 + random());
        const double bid = std::floor((m.middle - width / 2) * 100) / 100;
        const double ask = std::max(std::ceil((m.middle + width / 2) * 100) / 100, bid + 0.01);
        m.best = {symbol, bid, lots(), cents(ask), lots(), now_ + within(slot / 2)};
        send(m.best, m.best.time + within(milliseconds{200}));
    }

    /// A large order takes what the best price has, and the rest a cent further on.
    void trade_at(std::string_view symbol, market& m) {
        const bool buys = random() < 0.5 + (m.burst > 0 ? 0.4 * m.trend : 0);
        const bool is_inside = random() < 0.15;
        const auto time = now_ + slot / 2 + within(slot / 2);
        const double best = buys ? m.best.ask : m.best.bid;
        const double price = is_inside ? std::round((m.best.bid + m.best.ask) * 100) / 200 : best;
        const double luck = random();
        auto delay = within(milliseconds{200});
        if (luck < 0.0005)
            delay += milliseconds{30'000};
        else if (luck < 0.01)
            delay = milliseconds{1'000} + within(milliseconds{1'500});
        send(trade{symbol, price, lots(), time}, time + delay);
        if (!is_inside && random() < 0.1) {
            const double further = cents(price + (buys ? 0.01 : -0.01));
            send(trade{symbol, further, lots(), time}, time + delay);
        }
    }

    template <class Event>
    void send(const Event& event, millrace::timestamp at) {
        on_their_way_.push({at, sent_++, event});
    }

    static double cents(double price) { return std::round(price * 100) / 100; }
    double lots() { return 100 * std::ceil(std::min(1 / (random() + 0.01), 50.0)); }
    milliseconds within(milliseconds most) {
        return milliseconds{static_cast<int>(random() * double(most.count()))};
    }
    /// From 0 up to 1; the standard's distributions differ from library to library.
    double random() { return double(engine_() >> 11) * 0x1p-53; }

    std::mt19937_64 engine_{20260105};
    std::array<market, symbols.size()> markets_{};
    std::priority_queue<arrival> on_their_way_;
    std::uint64_t sent_ = 0;
    millrace::timestamp now_;
    bool is_taken_ = false;
};
