#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/run.hpp>

#include "catch.hpp"
#include "trade.hpp"

/// The other side of joins of trades.
struct quote {
    std::string_view symbol;
    double bid = 0;
    std::uint32_t number = 0;
    millrace::timestamp time{};
};

template <>
inline constexpr auto millrace::schema<quote> = millrace::fields(
    millrace::field{"symbol", &quote::symbol}, millrace::field{"bid", &quote::bid},
    millrace::field{"number", &quote::number}, millrace::event_time{"time", &quote::time});

/// A trade and a quote by what tells them, a price and a number; -1 for none.
struct couple {
    double price;
    double bid;
};

template <>
inline constexpr auto millrace::schema<couple> = millrace::fields(
    millrace::field{"price", &couple::price}, millrace::field{"bid", &couple::bid});

inline couple couple_of(const trade* t, const quote* q) {
    return {t != nullptr ? t->price : -1, q != nullptr ? q->bid : -1};
}

/// As a join of this kind takes it.
template <class Kind>
constexpr auto as_couple(Kind) {
    if constexpr (std::same_as<Kind, millrace::inner_join_t>) {
        return [](const trade& t, const quote& q) { return couple_of(&t, &q); };
    } else if constexpr (std::same_as<Kind, millrace::left_join_t>) {
        return [](const trade& t, const quote* q) { return couple_of(&t, q); };
    } else if constexpr (std::same_as<Kind, millrace::right_join_t>) {
        return [](const trade* t, const quote& q) { return couple_of(t, &q); };
    } else {
        return [](const trade* t, const quote* q) { return couple_of(t, q); };
    }
}

/// Notes what comes as "PRICE BID TIME", watermarks as "W TIME" where it is asked to, and that
/// nothing is earlier than what was told.
struct note_couples : millrace::stage {
    std::vector<std::string>* out;
    bool notes_watermarks = false;

    explicit note_couples(std::vector<std::string>& to, bool watermarks = false)
        : out{&to}, notes_watermarks{watermarks} {}

    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}, out, notes_watermarks};
    }

    static std::string text(millrace::timestamp time) {
        if (time == millrace::timestamp::max()) return "end";
        return std::to_string(time.time_since_epoch() / std::chrono::milliseconds{1});
    }

    template <class Next>
    struct node : millrace::forwarding_node<Next> {
        std::vector<std::string>* out;
        bool notes_watermarks;
        millrace::timestamp told = millrace::timestamp::min();

        void push(const couple& one, millrace::event_stamp at) {
            if (at.time < told || at.watermark > told) out->push_back("late!");
            const auto number = [](double of) {
                return std::abs(of) < 1e6 ? std::to_string(static_cast<int>(of)) : "?";
            };
            out->push_back(number(one.price) + " " + number(one.bid) + " " + text(at.time));
            this->next.push(one, at);
        }
        void watermark(millrace::timestamp to, millrace::trigger why) {
            if (to <= told) out->push_back("back!");
            told = to;
            if (notes_watermarks) out->push_back("W " + text(to));
            this->next.watermark(to, why);
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(told, this->next);
        }
    };
};

/// Of one input: what comes, and how far its time has come by then.
struct join_input {
    bool is_trade;
    std::string key;
    long long time;
    double number;
    bool is_watermark = false;
};

/// Trades and quotes of some keys, each side out of order within its disorder, seldom more, and
/// here and there a watermark that goes back.
inline std::vector<join_input> random_inputs(std::mt19937& random, int count) {
    const auto below = [&](long long n) {
        return n <= 0 ? 0 : static_cast<long long>(random() % static_cast<unsigned long long>(n));
    };
    std::vector<join_input> all;
    const long long keys = 1 + below(4), disorder = below(30), step = 1 + below(12);
    const long long origin = below(3) == 0 ? -500 : 0, share = 1 + below(9);
    long long now[2]{origin, origin + below(40)};
    double number = 0;
    for (int i = 0; i < count; ++i) {
        const bool is_trade = below(10) < share;
        long long& time = now[is_trade ? 0 : 1];
        time += below(step);
        if (below(60) == 0) time += below(400);
        const long long back = below(40) == 0 ? below(200) : below(disorder + 1);
        all.push_back({is_trade, std::string(1, static_cast<char>('a' + below(keys))), time - back,
                       ++number});
        if (below(3) == 0)
            all.push_back(
                {is_trade, "", time - disorder - (below(8) == 0 ? below(50) : 0), 0, true});
    }
    return all;
}

/// Which of the events are late where nothing is waited for but the watermark of both sides, and
/// how many are not before each.
struct naive_lateness {
    long long lateness;
    long long watermarks[2]{std::numeric_limits<long long>::min(),
                            std::numeric_limits<long long>::min()};
    long long combined = std::numeric_limits<long long>::min();

    void watermark(const join_input& one) {
        long long& own = watermarks[one.is_trade ? 0 : 1];
        own = std::max(own, one.time);
        combined = std::max(combined, std::min(watermarks[0], watermarks[1]));
    }
    [[nodiscard]] bool is_late(const join_input& one) const {
        return combined != std::numeric_limits<long long>::min() && one.time < combined - lateness;
    }
};

/// A source whose time is moved by `advance` alone.
template <class Event, class KeyBy>
auto manual_source(const char* name, KeyBy by) {
    const auto nothing = [](const Event&) { return std::optional<millrace::timestamp>{}; };
    return millrace::from<Event>(name, millrace::any_time, millrace::punctuated(nothing)) |
           millrace::key_by(by);
}

/// Feeds a pipeline of a trade and a quote source, whose sources are `manual_source`s.
template <class Running>
void feed(Running& running, const join_input& one) {
    auto trades = running.template source<0>();
    auto quotes = running.template source<1>();
    if (one.is_watermark) {
        one.is_trade ? trades.advance(at_ms(one.time)) : quotes.advance(at_ms(one.time));
    } else if (one.is_trade) {
        trades.push({one.key, one.number, 1, at_ms(one.time)});
    } else {
        quotes.push({one.key, one.number, 0, at_ms(one.time)});
    }
}

inline join_input t(long long time, double number, std::string key = "a") {
    return {true, std::move(key), time, number};
}
inline join_input q(long long time, double number, std::string key = "a") {
    return {false, std::move(key), time, number};
}

template <class Running>
void feed_all(Running& running, std::initializer_list<join_input> all) {
    for (const auto& one : all) feed(running, one);
}
/// Both sides have come so far.
template <class Running>
void advance_both(Running& running, long long to) {
    feed(running, {true, "", to, 0, true});
    feed(running, {false, "", to, 0, true});
}
