// What an event of a recording costs to replay, in ns, beside decoding the same events from JSON
// and taking them into the same pipeline in process: keyed windows of one second. The events come
// one a message, or 32, which are a batch of the recording. Its file has just been written, and is
// read from memory. The contenders take turns; printed are the medians of the rounds, and of the
// rounds' ratios.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/millrace.hpp>

#include "../tests/support/temporary_folder.hpp"
#include "trade.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::size_t symbol_count = 100;

/// Messages of so many events, each a line.
class input {
public:
    input(std::size_t events, std::size_t events_a_message) : events_{events} {
        std::mt19937 random{1};
        json_encoder<trade> encoder;
        timestamp now = *parse_rfc3339("2026-01-05T09:30:00Z");
        std::size_t begin = 0;
        for (std::size_t i = 0; i < events; ++i) {
            now += duration{20'000 + random() % 20'000};
            const std::string symbol = "SYM" + std::to_string(random() % symbol_count);
            encoder.encode({symbol, 100 + static_cast<double>(random() % 10'000) / 100,
                            static_cast<double>(1 + random() % 500), now},
                           bytes_);
            bytes_ += '\n';
            if ((i + 1) % events_a_message != 0 && i + 1 != events) continue;
            sizes_.push_back(bytes_.size() - begin);
            begin = bytes_.size();
        }
        buffer_.resize(std::ranges::max(sizes_) + 1);
    }

    [[nodiscard]] std::size_t events() const noexcept { return events_; }

    /// As they come: one after the other, in a receive buffer that is small and mutable.
    template <class F>
    void for_each(F&& f) {
        const char* next = bytes_.data();
        for (const std::size_t size : sizes_) {
            std::memcpy(buffer_.data(), next, size);
            f(std::span{buffer_.data(), size});
            next += size;
        }
    }

private:
    std::size_t events_;
    std::vector<std::size_t> sizes_;
    std::string bytes_;
    std::vector<char> buffer_;
};

struct totals {
    std::uint64_t bars = 0;
    double volume = 0;

    void add(const auto& row) {
        ++bars;
        volume += row.result.volume;
    }
    friend bool operator==(const totals&, const totals&) = default;
};

auto bars_of_a_second() {
    return from<trade>("trades") | filter([](const trade& t) { return t.size > 0; }) |
           key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
           process<ohlc<&trade::price, &trade::size>>() | publish("bars");
}

template <class Work>
double ns_per_event(std::size_t events, Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(events);
}

void require(bool holds, const char* else_what) {
    if (!holds) throw std::runtime_error{else_what};
}

template <class Running>
void take_all(input& in, Running& running) {
    in.for_each([&](std::span<char> message) {
        running.receive(message,
                        [](const input_error& error) { throw std::system_error{error.code}; });
    });
    require(!running.finish(), "a pipeline failed");
}

totals record(input& in, const std::filesystem::path& file) {
    totals out;
    auto running = start(
        bars_of_a_second(), [&](const auto& row) { out.add(row); }, record_to(file));
    take_all(in, running);
    require(!running.recording_error(), "the recording failed");
    return out;
}

double by_decoding(input& in, totals& out) {
    auto running = start(bars_of_a_second(), [&](const auto& row) { out.add(row); });
    return ns_per_event(in.events(), [&] { take_all(in, running); });
}

double by_replaying(const input& in, const std::filesystem::path& file, totals& out) {
    auto again = replay(file, bars_of_a_second(), [&](const auto& row) { out.add(row); });
    return ns_per_event(in.events(), [&] { require(!again.run(), "a replay failed"); });
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(const char* what, input in, const std::filesystem::path& file, int rounds) {
    const totals recorded = record(in, file);
    std::vector<double> replayed_ns, decoded_ns, ratios;
    for (int round = 0; round < rounds; ++round) {
        totals replayed, decoded;
        replayed_ns.push_back(by_replaying(in, file, replayed));
        decoded_ns.push_back(by_decoding(in, decoded));
        require(replayed == recorded && decoded == recorded, "the results differ");
        ratios.push_back(replayed_ns.back() / decoded_ns.back());
    }
    const double file_bytes = static_cast<double>(std::filesystem::file_size(file));
    std::printf("%-20s %10.1f %20.1f %8.2f   1.0 %16.1f\n", what, median(replayed_ns),
                median(decoded_ns), median(ratios), file_bytes / static_cast<double>(in.events()));
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view{argv[1]} == "--quick";
    const std::size_t events = is_quick ? 200'000 : 1'000'000;
    const int rounds = is_quick ? 3 : 9;
    const temporary_folder folder;
    std::printf("\nreplay, ns an event; median of %d\n\n", rounds);
    std::printf("%-20s %10s %20s %8s %s %16s\n", "", "replay", "decode and pipeline", "ratio",
                "asked", "bytes an event");
    compare("an event a message", {events, 1}, folder / "single.journal", rounds);
    compare("32 a message", {events, 32}, folder / "batches.journal", rounds);
}
