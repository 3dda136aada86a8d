#include <millrace/pipeline/replay.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <millrace/operators/map.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/record_to.hpp>

#include "fed.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Events of several producers and of two inputs; windows with corrections that publish early by
/// the wall's clock; an operator that throws at some.
auto everything() {
    return counts(union_of(from<trade>("A", by_producer{}, max_ahead{1h}),
                           from<trade>("B", disorder{30ms}, idle_timeout{50ms}, max_skew{1s})) |
                      map([](const trade& one) {
                          if (one.price == 13) throw std::runtime_error{"thirteen"};
                          return one;
                      }),
                  tumbling{20ms}, lateness{15ms}, early{every{20ms}}, late_to("late"));
}

struct moving_clock {
    manual_clock* time;

    timestamp wall() const { return time->wall(); }
    std::chrono::nanoseconds elapsed() const {
        time->advance(1us);  // no two readings are the same
        return time->elapsed();
    }
};

/// What a server may do to its pipeline, drawn at random; some of it throws.
template <class Running>
void drive(Running& running, manual_clock& time, std::mt19937& random) {
    const auto below = [&](unsigned n) { return random() % n; };
    static constexpr std::string_view symbols[] = {"a", "bb", "a symbol longer than most", "d"};
    const auto draw = [&] {
        const auto back = std::chrono::milliseconds{below(4) == 0 ? below(80) : below(10)};
        const auto ahead = below(50) == 0 ? 3h : 0h;
        return trade{symbols[below(4)], static_cast<double>(below(30)), 1,
                     time.wall() - back + ahead};
    };
    auto [a, b] = running.sources();
    const auto take_some = [&](auto& source) {
        const std::uint64_t producer = below(3);
        if (below(3) == 0) return void(source.push(draw(), producer));
        if (below(2) == 0) {
            std::vector<trade> all;
            for (auto n = below(20); n > 0; --n) all.push_back(draw());
            return void(source.push(all, producer));
        }
        source.begin_batch();
        for (auto n = below(20); n > 0; --n)
            if (const trade one = draw(); source.check(one) == errc{})
                static_cast<void>(source.push_next(one, producer));
        source.end_batch();
    };
    for (int step = 0; step < 120; ++step) {
        time.advance(std::chrono::microseconds{below(9000)});
        if (below(40) == 0) time.set(time.wall() + std::chrono::milliseconds{below(100)} - 50ms);
        try {
            switch (below(9)) {
                case 0:
                case 1:
                case 2: take_some(a); break;
                case 3:
                case 4:
                case 5: take_some(b); break;
                case 6: running.tick(); break;
                case 7: a.leave(below(3)); break;
                case 8:
                    if (below(3) == 0) running.advance(time.wall() - 100ms);
                    if (below(3) == 0) b.tick();
                    if (below(6) == 0) running.close_in_slices(1 + below(3));
                    if (below(3) == 0) running.resume();
                    if (below(4) == 0) {
                        const std::string saved = save(running);
                        REQUIRE_FALSE(load(saved, running));
                    }
                    break;
            }
        } catch (const std::runtime_error& error) {
            REQUIRE(std::string_view{error.what()} == "thirteen");
        }
    }
    CHECK_FALSE(running.finish());
    CHECK_FALSE(running.recording_error());
}

struct replayed {
    strings out;
    std::error_code error;
};

replayed replay_all(const std::string& file) {
    replayed made{};
    auto again = replay(file, everything(), note_rows{&made.out});
    try {
        static_cast<void>(again.run());
    } catch (const std::runtime_error& error) {
        CHECK(std::string_view{error.what()} == "thirteen");
    }
    CHECK_FALSE(again.next());
    made.error = again.error();
    return made;
}

struct recorded {
    strings out;
    std::uint64_t events;
};

/// A recording of what was drawn.
recorded make_recording(const std::string& file, unsigned seed) {
    std::mt19937 random{seed};
    manual_clock time{at_ms(1'700'000'000'000)};
    recorded made{};
    auto running = start(everything(), note_rows{&made.out}, moving_clock{&time}, record_to(file));
    drive(running, time, random);
    made.events = running.stats().events;
    return made;
}

errc refusal_of(const std::string& file) {
    try {
        static_cast<void>(replay(file, everything(), [](const auto&) {}));
    } catch (const std::system_error& error) {
        return static_cast<errc>(error.code().value());
    }
    return {};
}

}  // namespace

TEST_CASE("a replay gives what was given, however the pipeline was driven") {
    const unsigned seed = test_seed();
    std::size_t rows = 0;
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        const temporary_folder folder;
        const std::string file = folder / "a";
        const recorded made = make_recording(file, seed * 1000 + run);
        const replayed again = replay_all(file);
        REQUIRE(again.out == made.out);
        CHECK_FALSE(again.error);
        rows += made.out.size();
    }
    CHECK(rows > 20'000);
}

TEST_CASE("a recording that is cut replays up to where it is") {
    const temporary_folder folder;
    const std::string file = folder / "a";
    const recorded made = make_recording(file, 7);
    const auto size = std::filesystem::file_size(file);
    for (std::uintmax_t cut = size - 1; cut > size / 2; cut -= 1 + size / 40) {
        CAPTURE(cut);
        std::filesystem::resize_file(file, cut);
        const auto [out, error] = replay_all(file);
        CHECK(error == errc::archive_truncated);
        REQUIRE(out.size() <= made.out.size());
        CHECK(std::equal(out.begin(), out.end(), made.out.begin()));
    }
}

TEST_CASE("a recording of other inputs, and what is none, is refused") {
    const temporary_folder folder;
    const auto made_of = [&](const std::string& name, auto description) {
        auto running = start(
            std::move(description), [](const auto&) {}, record_to(folder / name));
        CHECK_FALSE(running.finish());
        return refusal_of(folder / name);
    };
    const auto by_symbol = [](auto source) { return std::move(source) | key_by(&trade::symbol); };
    const auto a = [] { return from<trade>("A"); };
    CHECK(made_of("same", by_symbol(union_of(a(), from<trade>("B")))) == errc{});
    CHECK(made_of("one", by_symbol(a())) == errc::journal_of_others);
    CHECK(made_of("names", by_symbol(union_of(a(), from<trade>("C")))) == errc::journal_of_others);
    std::ofstream{folder / "text"} << "hello";
    CHECK(refusal_of(folder / "text") == errc::archive_corrupt);
}

TEST_CASE("entries that cannot be end a replay") {
    const temporary_folder folder;
    const std::string head = [&] {
        make_recording(folder / "whole", 1);
        return std::string{file_journal_reader{folder / "whole"}.head()};
    }();
    using namespace std::string_literals;
    int number = 0;
    for (const std::string& block :
         {"\0\0"s, "\x0a\0"s, "\x01\x02"s, "\x03"s, "\x02\0\x01"s,
          "\x02\0\0\0\0\0\0\0\0\0\xff\xff\xff"s, "\x09\0\x01\0\0\0\0\0\0\0x"s, "\x01\0\0\0"s}) {
        CAPTURE(number);
        const std::string file = folder / std::to_string(++number);
        {
            file_journal out{file};
            out.begin(head);
            out.append(block);
        }
        auto again = replay(file, everything(), [](const auto&) {});
        CHECK(again.run() == errc::archive_corrupt);
    }
}

TEST_CASE("other windows may be tried on what was recorded, at its pace or as fast as it goes") {
    const temporary_folder folder;
    const std::string file = folder / "a";
    manual_clock time{at_ms(1'700'000'000'000)};
    const auto by = [](duration size) {
        return counts(from<trade>("t", any_time), tumbling{size}, drop_late);
    };
    {
        auto running = start(
            by(10ms), [](const auto&) {}, clock_view{time}, record_to(file));
        for (int i = 0; i < 100; ++i) {
            running.push({"a", 1, 1, at_ms(i)});
            time.advance(1s);
        }
        CHECK_FALSE(running.finish());
    }
    strings out;
    auto slower = replay(file, by(50ms), note_rows{&out});
    CHECK_THROWS_AS(slower.run(0), std::invalid_argument);
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(slower.run(2000));  // 100 s
    CHECK(std::chrono::steady_clock::now() - begun >= 49ms);
    CHECK(out == strings{"a 0 50 0 watermark", "a 50 50 0 stop"});

    auto steps = replay(file, by(50ms), [](const auto&) {});
    const auto first = steps.next_at();
    REQUIRE(first);
    auto last = first;
    while (const auto at = steps.next_at()) {
        CHECK(*at >= *last);
        last = at;
        CHECK(steps.next());
    }
    CHECK(*last - *first == 100s);
    CHECK(steps.pipeline().stats().events == 100);
    CHECK_FALSE(steps.error());
}
