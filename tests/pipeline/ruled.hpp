#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/with_broadcast.hpp>

#include "trade.hpp"

/// From then on the prices of the symbol, or of all for "*", are taken by so much.
struct rule {
    std::string_view symbol;
    double factor;
    millrace::timestamp time;
};

template <>
inline constexpr auto millrace::schema<rule> = millrace::fields(
    millrace::field{"symbol", &rule::symbol}, millrace::field{"factor", &rule::factor},
    millrace::event_time{"time", &rule::time, millrace::time_format::nanoseconds});

/// The newest factors; one below zero cannot be, which is found when it stands there already.
struct factors {
    std::map<std::string, double, std::less<>> of{};

    void add(const rule& one) {
        of.insert_or_assign(std::string{one.symbol}, one.factor);
        if (one.factor < 0) throw std::runtime_error{"factor"};
    }
    [[nodiscard]] double of_symbol(std::string_view symbol) const {
        const auto own = of.find(symbol), all = of.find("*");
        return own != of.end() ? own->second : all != of.end() ? all->second : 1;
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(of);
    }
};

inline constexpr auto add_rule = [](factors& all, const rule& one) { all.add(one); };

/// Emits the trade at its price by the rules; one of size 0 is wrong.
inline constexpr auto by_rules = [](auto& ctx, const trade& one) {
    trade out = one;
    out.price *= ctx.broadcast().of_symbol(one.symbol);
    if (one.size == 0) throw std::runtime_error{"size"};
    ctx.emit(out);
};

/// Likewise, and its size is how many of the symbol came, also the wrong ones.
inline constexpr auto by_rules_counted = [](auto& ctx, const trade& one) {
    trade out = one;
    out.price *= ctx.broadcast().of_symbol(one.symbol);
    out.size = static_cast<double>(++ctx.state());
    if (one.size == 0) throw std::runtime_error{"size"};
    ctx.emit(out);
};

/// Notes trades as "SYMBOL PRICE", in whole numbers.
struct note_prices {
    std::vector<std::string>* out;

    void operator()(const trade& one) const {
        out->push_back(std::string{one.symbol} + " " +
                       std::to_string(static_cast<long long>(one.price)));
    }
};
