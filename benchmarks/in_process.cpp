// What an event costs inside a process, in ns, beside the same work written by hand: decoding it
// from JSON, and folding it into keyed windows of one second. The contenders take turns; printed
// are the medians of the rounds, and of the rounds' ratios.
#include <rapidjson/document.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <millrace/millrace.hpp>

#include "trade.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::size_t event_count = 200'000;
constexpr std::size_t symbol_count = 100;

struct input {
    std::vector<std::string> symbols;
    std::vector<trade> trades;          // views into symbols
    std::vector<std::string> messages;  // of 128 bytes each

    explicit input(unsigned seed) {
        std::mt19937 random{seed};
        for (std::size_t i = 0; i < symbol_count; ++i) symbols.push_back("SYM" + std::to_string(i));
        timestamp now = *parse_rfc3339("2026-01-05T09:30:00Z");
        for (std::size_t i = 0; i < event_count; ++i) {
            now += duration{20'000 + random() % 20'000};
            trades.push_back({symbols[random() % symbol_count],
                              100 + static_cast<double>(random() % 10'000) / 100,
                              static_cast<double>(1 + random() % 500), now});
            messages.push_back(as_json(trades.back()));
        }
    }

    static std::string as_json(const trade& t) {
        std::string out;
        json_encoder<trade>{}.encode(t, out);
        out.pop_back();
        out += ",\"venue\":\"";
        while (out.size() < 126) out += 'X';
        return out + "\"}";
    }
};

double ns_per_event(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(event_count);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(const char* what, const char* other_name, const std::function<double()>& ours,
             const std::function<double()>& other, int rounds) {
    std::vector<double> our_ns, other_ns, ratios;
    for (int i = 0; i < rounds; ++i) {
        our_ns.push_back(ours());
        other_ns.push_back(other());
        ratios.push_back(our_ns.back() / other_ns.back());
    }
    std::printf("%-20s %10.1f   %-32s %10.1f %8.2f\n", what, median(our_ns), other_name,
                median(other_ns), median(ratios));
}

/// Messages as they come out of a receive buffer: mutable, one after the other.
class message_stream {
public:
    explicit message_stream(const input& from) : from_{from} {
        for (const std::string& message : from.messages) bytes_ += message;
        bytes_ += '\0';
        scratch_ = bytes_;
    }

    template <class F>
    void for_each(F&& f) {
        std::ranges::copy(bytes_, scratch_.begin());
        std::size_t at = 0;
        for (const std::string& message : from_.messages) {
            f(std::span{scratch_.data() + at, message.size()});
            at += message.size();
        }
    }

private:
    const input& from_;
    std::string bytes_, scratch_;
};

struct null_handler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, null_handler> {};

double decode_by_millrace(message_stream& buffer) {
    json_decoder<trade> decoder;
    double sum = 0;
    const double ns = ns_per_event([&] {
        buffer.for_each([&](std::span<char> message) {
            decoder.decode(
                message, [&](const trade& t) { sum += t.price + t.size; },
                [](const input_error& error) { throw std::system_error{error.code}; });
        });
    });
    if (sum == 0) throw std::runtime_error{"nothing decoded"};
    return ns;
}

double decode_by_sax_alone(message_stream& buffer) {
    // What millrace promises: valid UTF-8 and correctly rounded numbers.
    constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag |
                               rapidjson::kParseValidateEncodingFlag;
    return ns_per_event([&] {
        rapidjson::Reader reader;
        null_handler handler;
        buffer.for_each([&](std::span<char> message) {
            char* const end = message.data() + message.size();
            const char behind = *end;
            *end = '\0';
            rapidjson::InsituStringStream stream{message.data()};
            reader.Parse<flags>(stream, handler);
            *end = behind;
        });
    });
}

double decode_by_dom(message_stream& buffer) {
    double sum = 0;
    const double ns = ns_per_event([&] {
        buffer.for_each([&](std::span<char> message) {
            rapidjson::Document document;
            document.Parse(message.data(), message.size());
            sum += document["price"].GetDouble() + document["size"].GetDouble();
        });
    });
    if (sum == 0) throw std::runtime_error{"nothing decoded"};
    return ns;
}

auto bars_of_a_second() {
    return from<trade>("trades") | filter([](const trade& t) { return t.size > 0; }) |
           key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
           process<ohlc<&trade::price, &trade::size>>() | publish("bars");
}

struct totals {
    std::size_t bars = 0;
    double volume = 0;
    friend bool operator==(const totals&, const totals&) = default;
};

double windows_by_millrace(const input& from, totals& out) {
    out = {};
    auto running = start(bars_of_a_second(), [&](const auto& row) {
        ++out.bars;
        out.volume += row.result.volume;
    });
    return ns_per_event([&] {
        for (const trade& each : from.trades) running.push(each);
        running.finish();
    });
}

/// What one writes in an afternoon: a hash map of the open bars, emptied at each second.
double windows_by_hand(const input& from, totals& out) {
    struct bar {
        double open, high, low, close, volume;
    };
    out = {};
    std::unordered_map<std::string, bar> bars;
    timestamp end{};
    const auto close_all = [&] {
        for (const auto& [symbol, each] : bars) {
            ++out.bars;
            out.volume += each.volume;
        }
        bars.clear();
    };
    return ns_per_event([&] {
        for (const trade& t : from.trades) {
            if (!(t.size > 0)) continue;
            if (t.time >= end) {
                close_all();
                end = std::chrono::floor<std::chrono::seconds>(t.time) + 1s;
            }
            const auto [at, is_new] = bars.try_emplace(
                std::string{t.symbol}, bar{t.price, t.price, t.price, t.price, t.size});
            if (is_new) continue;
            bar& b = at->second;
            b.high = std::max(b.high, t.price);
            b.low = std::min(b.low, t.price);
            b.close = t.price;
            b.volume += t.size;
        }
        close_all();
    });
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc == 2 && std::string_view{argv[1]} == "--quick";
    const int rounds = is_quick ? 3 : 15;
    const input trades{1};
    message_stream buffer{trades};

    std::printf("In process: ns an event, median of %d rounds of %zu trades of %zu symbols\n\n",
                rounds, event_count, symbol_count);
    std::printf("%-20s %10s   %-32s %10s %8s\n", "work", "millrace", "contender", "", "ratio");
    compare(
        "decode JSON", "RapidJSON SAX without a result", [&] { return decode_by_millrace(buffer); },
        [&] { return decode_by_sax_alone(buffer); }, rounds);
    compare(
        "decode JSON", "RapidJSON DOM", [&] { return decode_by_millrace(buffer); },
        [&] { return decode_by_dom(buffer); }, rounds);

    totals ours, by_hand;
    compare(
        "operators, window", "a loop and std::unordered_map",
        [&] { return windows_by_millrace(trades, ours); },
        [&] { return windows_by_hand(trades, by_hand); }, rounds);
    if (ours != by_hand) {
        std::fprintf(stderr, "the contenders' bars differ: %zu and %zu\n", ours.bars, by_hand.bars);
        return 1;
    }
}
