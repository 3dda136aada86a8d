// What an event costs inside a process, in ns, beside the same work written by hand: decoding it
// from JSON, and folding it into keyed windows of one second. The contenders take turns; printed
// are the medians of the rounds, and of the rounds' ratios.
#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <tsl/robin_map.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <functional>
#include <random>
#include <span>
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
    std::vector<trade> trades;  // views into symbols

    explicit input(unsigned seed) {
        std::mt19937 random{seed};
        for (std::size_t i = 0; i < symbol_count; ++i) symbols.push_back("SYM" + std::to_string(i));
        timestamp now = *parse_rfc3339("2026-01-05T09:30:00Z");
        for (std::size_t i = 0; i < event_count; ++i) {
            now += duration{20'000 + random() % 20'000};
            trades.push_back({symbols[random() % symbol_count],
                              100 + static_cast<double>(random() % 10'000) / 100,
                              static_cast<double>(1 + random() % 500), now});
        }
    }
};

/// The trade with a member that nobody asked for, of which `text` is repeated up to 128 bytes.
std::string as_json(const trade& t, std::string_view text) {
    std::string out;
    json_encoder<trade>{}.encode(t, out);
    out.pop_back();
    out += ",\"venue\":\"";
    while (out.size() + text.size() <= 126) out += text;
    out.resize(126, '.');
    return out + "\"}";
}

/// Each trade as a message, or so many in an array.
std::vector<std::string> messages_of(const input& from, std::string_view text,
                                     std::size_t array_size = 1) {
    std::vector<std::string> messages;
    for (std::size_t i = 0; i < from.trades.size(); i += array_size) {
        std::string message;
        for (std::size_t j = 0; j < array_size; ++j)
            (message += j == 0 ? '[' : ',') += as_json(from.trades[i + j], text);
        messages.push_back(array_size == 1 ? message.substr(1) : message + ']');
    }
    return messages;
}

double ns_per_event(std::size_t events, const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(events);
}

double ns_per_event(const std::function<void()>& work) { return ns_per_event(event_count, work); }

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

/// Messages as they come out of a receive buffer: mutable, one behind the other, and where a buffer
/// is that was just written, near the processor.
class message_stream {
public:
    explicit message_stream(std::vector<std::string> messages) : messages_{std::move(messages)} {}

    /// What `decode` costs an event. To receive costs nothing.
    template <class F>
    double ns_per_event(F&& decode) {
        std::chrono::duration<double, std::nano> spent{0};
        for (std::size_t next = 0; next < messages_.size();) {
            next = receive(next);
            const auto begin = std::chrono::steady_clock::now();
            char* at = buffer_.data();
            for (const std::size_t size : sizes_) {
                decode(std::span{at, size});
                at += size;
            }
            spent += std::chrono::steady_clock::now() - begin;
        }
        return spent.count() / event_count;
    }

private:
    static constexpr std::size_t buffer_bytes = 64 * 1024;

    std::size_t receive(std::size_t next) {
        buffer_.clear();
        sizes_.clear();
        for (; next < messages_.size() && buffer_.size() < buffer_bytes; ++next) {
            buffer_ += messages_[next];
            sizes_.push_back(messages_[next].size());
        }
        buffer_ += '\0';  // decoders write there
        return next;
    }

    std::vector<std::string> messages_;
    std::string buffer_;
    std::vector<std::size_t> sizes_;
};

struct null_handler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, null_handler> {};

double decode_by_millrace(message_stream& messages) {
    json_decoder<trade> decoder;
    double sum = 0;
    const double ns = messages.ns_per_event([&](std::span<char> message) {
        decoder.decode(
            message, [&](const trade& t) { sum += t.price + t.size; },
            [](const input_error& error) { throw std::system_error{error.code}; });
    });
    if (sum == 0) throw std::runtime_error{"nothing decoded"};
    return ns;
}

double decode_by_sax_alone(message_stream& messages) {
    // What millrace promises: valid UTF-8 and correctly rounded numbers.
    constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag |
                               rapidjson::kParseValidateEncodingFlag;
    rapidjson::Reader reader;
    null_handler handler;
    return messages.ns_per_event([&](std::span<char> message) {
        char* const end = message.data() + message.size();
        const char behind = *end;
        *end = '\0';
        rapidjson::InsituStringStream stream{message.data()};
        reader.Parse<flags>(stream, handler);
        *end = behind;
    });
}

double decode_by_dom(message_stream& messages) {
    double sum = 0;
    const double ns = messages.ns_per_event([&](std::span<char> message) {
        rapidjson::Document document;
        document.Parse(message.data(), message.size());
        const auto add = [&](const rapidjson::Value& from) {
            sum += from["price"].GetDouble() + from["size"].GetDouble();
        };
        if (document.IsObject()) return add(document);
        for (const rapidjson::Value& each : document.GetArray()) add(each);
    });
    if (sum == 0) throw std::runtime_error{"nothing decoded"};
    return ns;
}

void compare_decoding(const std::string& what, std::vector<std::string> texts, int rounds) {
    message_stream messages{std::move(texts)};
    compare(("decode " + what).c_str(), "RapidJSON SAX without a result",
            [&] { return decode_by_millrace(messages); },
            [&] { return decode_by_sax_alone(messages); }, rounds);
    compare(("decode " + what).c_str(), "RapidJSON DOM",
            [&] { return decode_by_millrace(messages); }, [&] { return decode_by_dom(messages); },
            rounds);
}

using bar_record = record<std::string, ohlc_bar>;

std::vector<bar_record> bars_of(const input& from) {
    std::vector<bar_record> bars;
    for (const trade& t : from.trades) {
        const timestamp start = std::chrono::floor<std::chrono::seconds>(t.time);
        bars.push_back({std::string{t.symbol},
                        {start, start + 1s},
                        {t.price, t.price + 0.5, t.price - 0.25, t.price + 0.25, 10 * t.size}});
        bars.back().watermark = std::chrono::floor<std::chrono::milliseconds>(t.time);
    }
    return bars;
}

double encode_by_millrace(const std::vector<bar_record>& bars, std::size_t& bytes) {
    const json_encoder<bar_record> encoder{"symbol"};
    std::string out;
    bytes = 0;
    return ns_per_event([&] {
        for (const bar_record& each : bars) {
            out.clear();
            encoder.encode(each, out);
            bytes += out.size();
        }
    });
}

double encode_by_rapidjson(const std::vector<bar_record>& bars, std::size_t& bytes) {
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> writer;
    std::string text;
    bytes = 0;
    const auto write_text = [&](std::string_view from) {
        writer.String(from.data(), static_cast<rapidjson::SizeType>(from.size()));
    };
    const auto write_time = [&](timestamp time) {
        text.clear();
        append_rfc3339(text, time);
        write_text(text);
    };
    return ns_per_event([&] {
        for (const bar_record& each : bars) {
            out.Clear();
            writer.Reset(out);
            writer.StartObject();
            writer.Key("symbol"), write_text(each.key);
            writer.Key("start"), write_time(each.window.start);
            writer.Key("end"), write_time(each.window.end);
            writer.Key("open"), writer.Double(each.result.open);
            writer.Key("high"), writer.Double(each.result.high);
            writer.Key("low"), writer.Double(each.result.low);
            writer.Key("close"), writer.Double(each.result.close);
            writer.Key("volume"), writer.Double(each.result.volume);
            writer.Key("change"), write_text(schema<change>.name_of(each.change));
            writer.Key("revision"), writer.Uint(each.revision);
            writer.Key("final"), writer.Bool(each.is_final);
            writer.Key("trigger"), write_text(schema<trigger>.name_of(each.fired_by));
            writer.Key("watermark"), write_time(each.watermark);
            writer.Key("late"), writer.Uint64(each.late);
            writer.EndObject();
            bytes += out.GetSize();
        }
    });
}

/// One bar of each trade.
void compare_encoding(const input& from, int rounds) {
    const std::vector<bar_record> bars = bars_of(from);
    std::size_t ours = 0, theirs = 0;
    compare(
        "encode a bar", "RapidJSON Writer", [&] { return encode_by_millrace(bars, ours); },
        [&] { return encode_by_rapidjson(bars, theirs); }, rounds);
    if (ours == 0 || theirs < ours) throw std::runtime_error{"the encoders differ"};
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

template <class Key>
struct tick {
    Key id;
    double price, size;
    timestamp time;
};

template <class Key>
struct ticks {
    std::vector<std::string> names;
    std::vector<tick<Key>> events;

    /// Each key comes about four times a window; the keys lie in a row.
    ticks(std::size_t count, std::size_t keys) {
        std::mt19937_64 random{1};
        if constexpr (std::same_as<Key, std::string_view>)
            for (std::size_t i = 0; i < keys; ++i) names.push_back("SYM" + std::to_string(i));
        timestamp now = *parse_rfc3339("2026-01-05T09:30:00Z");
        const auto step = 1'000'000'000 / (4 * keys);
        for (std::size_t i = 0; i < count; ++i) {
            now += duration{step};
            Key id;
            if constexpr (std::same_as<Key, std::string_view>) {
                id = names[random() % keys];
            } else {
                id = random() % keys;
            }
            events.push_back({id, 100 + static_cast<double>(random() % 1000),
                              static_cast<double>(random() % 5), now});
        }
    }
};

}  // namespace

template <class Key>
inline constexpr auto millrace::schema<tick<Key>> = fields(field{"id", &tick<Key>::id},
                                                           field{"price", &tick<Key>::price},
                                                           field{"size", &tick<Key>::size},
                                                           event_time{"time", &tick<Key>::time});

namespace {

template <class Key>
double means_by_millrace(const ticks<Key>& from_ticks, double& sum) {
    using event = tick<Key>;
    constexpr std::size_t batch = 1024;
    sum = 0;
    auto running = start(from<event>("ticks") | filter([](const event& t) { return t.size > 0; }) |
                             map([](const event& t) {
                                 return event{t.id, t.price * t.size, t.size, t.time};
                             }) |
                             key_by(&event::id) | window(tumbling{1s}, drop_late) |
                             process<mean<&event::price>>(),
                         [&](const auto& row) { sum += row.result.value; });
    const std::span<const event> events = from_ticks.events;
    return ns_per_event(events.size(), [&] {
        for (std::size_t i = 0; i < events.size(); i += batch)
            running.push(events.subspan(i, std::min(batch, events.size() - i)));
        running.finish();
    });
}

/// A map of its own keys, which views of them are looked up in.
template <class Key>
struct table_of_means {
    using event = tick<Key>;

    tsl::robin_map<Key, mean<&event::price>> means;

    mean<&event::price>& of(Key id) { return means.try_emplace(id).first.value(); }
};
template <>
struct table_of_means<std::string_view> {
    using event = tick<std::string_view>;
    struct hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    tsl::robin_map<std::string, mean<&event::price>, hash, std::equal_to<>> means;

    mean<&event::price>& of(std::string_view id) {
        const auto found = means.find(id);
        if (found != means.end()) return found.value();
        return means.try_emplace(std::string{id}).first.value();
    }
};

/// The same arithmetic in one loop.
template <class Key>
double means_by_hand(const ticks<Key>& from_ticks, double& sum) {
    using event = tick<Key>;
    sum = 0;
    table_of_means<Key> table;
    timestamp end{};
    const auto close = [&] {
        for (const auto& each : table.means) sum += each.second.result();
        table.means.clear();
    };
    return ns_per_event(from_ticks.events.size(), [&] {
        for (const event& t : from_ticks.events) {
            if (!(t.size > 0)) continue;
            const event weighed{t.id, t.price * t.size, t.size, t.time};
            if (weighed.time >= end) {
                close();
                end = std::chrono::floor<std::chrono::seconds>(weighed.time) + 1s;
            }
            table.of(weighed.id).update(weighed);
        }
        close();
    });
}

template <class Key>
bool compare_means(const char* what, std::size_t count, std::size_t keys, int rounds) {
    const ticks<Key> events{count, keys};
    double ours = 0, by_hand = 0;
    compare(
        what, "a loop and tsl::robin_map", [&] { return means_by_millrace(events, ours); },
        [&] { return means_by_hand(events, by_hand); }, rounds);
    if (std::abs(ours - by_hand) <= 1e-9 * std::abs(by_hand)) return true;
    std::fprintf(stderr, "the contenders' means differ\n");
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc == 2 && std::string_view{argv[1]} == "--quick";
    const int rounds = is_quick ? 3 : 15;
    const input trades{1};

    std::printf("In process: ns an event, median of %d rounds of %zu trades of %zu symbols\n\n",
                rounds, event_count, symbol_count);
    std::printf("%-20s %10s   %-32s %10s %8s\n", "work", "millrace", "contender", "", "ratio");
    compare_decoding("JSON", messages_of(trades, "X"), rounds);
    compare_decoding("JSON, UTF-8", messages_of(trades, "Z\u00FCrich "), rounds);
    compare_decoding("JSON, arrays", messages_of(trades, "X", 1'000), rounds);
    compare_encoding(trades, rounds);

    totals ours, by_hand;
    compare(
        "operators, window", "a loop and std::unordered_map",
        [&] { return windows_by_millrace(trades, ours); },
        [&] { return windows_by_hand(trades, by_hand); }, rounds);
    if (ours != by_hand) {
        std::fprintf(stderr, "the contenders' bars differ: %zu and %zu\n", ours.bars, by_hand.bars);
        return 1;
    }

    const std::size_t many = is_quick ? 1'000'000 : 8'000'000;
    if (!compare_means<std::uint64_t>("1,000 integers", 1'000'000, 1'000, rounds) ||
        !compare_means<std::string_view>("1,000 strings", 1'000'000, 1'000, rounds) ||
        !compare_means<std::uint64_t>("1,000,000 integers", many, 1'000'000, std::min(rounds, 5)) ||
        !compare_means<std::string_view>("1,000,000 strings", many, 1'000'000, std::min(rounds, 5)))
        return 1;
}
