#include <millrace/pipeline/async_enrich.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

/// Threads that do what they are given, in no order.
class pool {
public:
    explicit pool(unsigned seed) {
        for (unsigned i = 0; i < 3; ++i)
            threads_.emplace_back(
                [this, random = std::mt19937{seed + i}]() mutable { run(random); });
    }
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;
    ~pool() {
        {
            const std::lock_guard lock{mutex_};
            is_over_ = true;
        }
        has_more_.notify_all();
        for (auto& each : threads_) each.join();
    }

    void post(std::function<void()> f) {
        {
            const std::lock_guard lock{mutex_};
            work_.push_back(std::move(f));
        }
        has_more_.notify_one();
    }

private:
    void run(std::mt19937& random) {
        std::unique_lock lock{mutex_};
        for (;;) {
            has_more_.wait(lock, [this] { return is_over_ || !work_.empty(); });
            if (work_.empty()) return;
            std::swap(work_[random() % work_.size()], work_.back());
            const auto f = std::move(work_.back());
            work_.pop_back();
            lock.unlock();
            f();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable has_more_;
    std::vector<std::function<void()>> work_;
    bool is_over_ = false;
    std::vector<std::thread> threads_;
};

/// "PRICE ANSWER", with -1 for none.
constexpr auto as_text = [](const trade& one, const int* answer) {
    return std::to_string(static_cast<int>(one.price)) + " " +
           std::to_string(answer != nullptr ? *answer : -1);
};

/// Keeps what is asked, for the test to answer.
struct questions {
    std::map<int, answer_to<int>> open;

    auto ask() {
        return [this](const trade& one, answer_to<int> to) {
            open.emplace(static_cast<int>(one.price), std::move(to));
        };
    }
    void answer(int which) {
        const auto found = open.find(which);
        found->second(10 * which);
        open.erase(found);
    }
};

template <class Clock, class... Options>
auto start_asking(questions& of, strings& out, Clock clock, Options... options) {
    return start(
        from<trade>("t", any_time) | async_enrich<int>(of.ask(), as_text, options...),
        [&out](const std::string& line) { out.push_back(line); }, clock);
}

trade numbered(int i) { return {"a", static_cast<double>(i), 1, at_ms(i)}; }

/// An event and what was found for it.
struct found {
    int number;
    double value;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<found> = millrace::fields(
    millrace::field{"number", &found::number}, millrace::field{"value", &found::value},
    millrace::event_time{"time", &found::time});

TEST_CASE("answers from other threads in any order give what a function gives at once") {
    const unsigned seed = test_seed();
    pool workers{seed};
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const std::size_t limit = 1 + random() % 8;
        const bool is_in_order = random() % 2 == 0;
        std::atomic<std::size_t> open = 0, most = 0;
        const auto value_of = [](int number) { return number % 7; };
        const auto ask = [&](const trade& one, answer_to<int> to) {
            const std::size_t now = ++open;
            if (now > most) most = now;
            const int number = static_cast<int>(one.price);
            const auto answer = [&open, value_of, number, to = std::move(to)] {
                --open;
                if (number % 5 == 0) return to(std::nullopt);
                to(value_of(number));
            };
            number % 11 == 0 ? answer() : workers.post(answer);
        };
        const auto combine = [](const trade& one, const int* answer) {
            return found{static_cast<int>(one.price), answer != nullptr ? *answer : 100.0,
                         one.time};
        };
        std::vector<int> order;
        std::map<long long, double> sums, right;
        const auto note = [&](const found& one) {
            order.push_back(one.number);
            return one;
        };
        std::uint64_t late = 0;
        const auto begin = [&](auto how) {
            return start(from<trade>("t", any_time, disorder{20ms}) |
                             async_enrich<int>(ask, combine, how, in_flight{limit}, timeout{1min}) |
                             map(note) | window(tumbling{50ms}, drop_late) |
                             process<sum<&found::value>>(),
                         [&](const auto& row) {
                             sums[row.window.start.time_since_epoch() / 1ms] += at<"sum">(row);
                             late = row.late;
                         });
        };
        const auto feed = [&](auto running) {
            long long now = 0;
            for (int i = 0; i < 60; ++i) {
                now += static_cast<long long>(random() % 15);
                const long long time = now + static_cast<long long>(random() % 20);
                right[time / 50 * 50] += i % 5 == 0 ? 100.0 : value_of(i);
                running.push({"a", static_cast<double>(i), 1, at_ms(time)});
                if (random() % 10 == 0) running.tick();
            }
            REQUIRE_FALSE(running.finish());
            REQUIRE(running.stats().failed == 0);
        };
        is_in_order ? feed(begin(in_order)) : feed(begin(as_answered));
        REQUIRE(late == 0);
        REQUIRE(sums == right);
        REQUIRE(most <= limit);
        REQUIRE(order.size() == 60);
        if (is_in_order) REQUIRE(std::is_sorted(order.begin(), order.end()));
    }
}

TEST_CASE("events go on in order, or as they are answered") {
    for (const bool is_in_order : {true, false}) {
        questions of;
        strings out;
        const auto check = [&](auto running) {
            for (int i = 0; i < 3; ++i) running.push(numbered(i));
            of.answer(1);
            running.resume();
            CHECK(out == (is_in_order ? strings{} : strings{"1 10"}));
            of.answer(0);
            of.answer(2);
            CHECK_FALSE(running.finish());
        };
        is_in_order ? check(start_asking(of, out, system_clock{}))
                    : check(start_asking(of, out, system_clock{}, as_answered));
        CHECK(out ==
              (is_in_order ? strings{"0 0", "1 10", "2 20"} : strings{"1 10", "0 0", "2 20"}));
    }
}

TEST_CASE("no watermark overtakes what waits") {
    questions of;
    std::vector<long long> told;
    strings out;
    auto running =
        start(from<trade>("t", any_time) |
                  async_enrich<int>(
                      of.ask(),
                      [](const trade& one, const int*) {
                          return found{static_cast<int>(one.price), 0, one.time};
                      },
                      as_answered) |
                  window(tumbling{10ms}, drop_late) | process<sum<&found::number>>(),
              [&](const auto& row) { out.push_back(std::to_string(int(at<"sum">(row)))); });
    running.push(numbered(5));
    running.push(numbered(12));
    of.answer(12);
    running.push(numbered(25));
    of.answer(25);
    running.tick();
    CHECK(out.empty());
    CHECK(running.stats().late == 0);
    of.answer(5);
    running.tick();
    CHECK(out == strings{"5", "12"});
}

TEST_CASE("a question without an answer ends by the clock, by being dropped, or when all wait") {
    questions of;
    strings out;
    manual_clock clock;
    auto running = start_asking(of, out, clock_view{clock}, timeout{2s});
    running.push(numbered(1));
    clock.advance(3s);
    running.tick();  // the first reading behind the question
    CHECK(out.empty());
    clock.advance(1999ms);
    running.tick();
    CHECK(out.empty());
    clock.advance(1ms);
    running.tick();
    CHECK(out == strings{"1 -1"});
    of.answer(1);  // too late
    running.push(numbered(2));
    of.open.clear();
    running.tick();
    CHECK(out == strings{"1 -1", "2 -1"});

    out.clear();
    auto blocked = start_asking(of, out, clock_view{clock}, timeout{3ms}, in_flight{2});
    for (int i = 0; i < 5; ++i) blocked.push(numbered(i));
    CHECK(out.size() >= 3);
    CHECK_FALSE(blocked.finish());
    CHECK(out == strings{"0 -1", "1 -1", "2 -1", "3 -1", "4 -1"});
}

TEST_CASE("a pipeline in which as many wait as may is behind") {
    questions of;
    strings out;
    auto running = start_asking(of, out, system_clock{}, in_flight{2}, timeout{1min});
    running.push(numbered(0));
    CHECK_FALSE(running.is_behind());
    running.push(numbered(1));
    CHECK(running.is_behind());
    CHECK(running.waits_for_room());
    CHECK_FALSE(running.resume());
    of.answer(0);
    CHECK(running.resume());
    CHECK(out == strings{"0 0"});

    // Events that an operator makes of one are held back, too.
    std::atomic<int> open = 0, most = 0;
    pool workers{1};
    auto many = start(from<trade>("t") |
                          flat_map([](const trade& one) { return std::vector<trade>(20, one); }) |
                          async_enrich<int>(
                              [&](const trade&, answer_to<int> to) {
                                  most = std::max<int>(most, ++open);
                                  workers.post([&open, to = std::move(to)] {
                                      --open;
                                      to(1);
                                  });
                              },
                              as_text, in_flight{3}),
                      [&](const std::string& line) { out.push_back(line); });
    many.push(numbered(7));
    CHECK_FALSE(many.finish());
    CHECK(out.size() == 21);
    CHECK(most <= 3);
}

TEST_CASE("windows before and behind close a part at a time all the same") {
    const unsigned seed = test_seed();
    pool workers{seed};
    for (unsigned run = 0; run < 20; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        double total = 0;
        auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                                 window(tumbling{10ms}, drop_late) | process<sum<&trade::size>>() |
                                 async_enrich<int>(
                                     [&](const auto&, answer_to<int> to) {
                                         workers.post([to = std::move(to)] { to(1); });
                                     },
                                     [](const auto& row, const int* one) {
                                         return found{0, at<"sum">(row) * *one, row.window.start};
                                     },
                                     in_flight{1 + random() % 3}) |
                                 window(tumbling{50ms}, drop_late) | process<sum<&found::value>>(),
                             [&](const auto& row) { total += at<"sum">(row); });
        if (random() % 2 == 0) running.close_in_slices(1 + random() % 4);
        for (int i = 0; i < 200; ++i) {
            running.push({std::string(1, static_cast<char>('a' + i % 26)), 1, 1, at_ms(i)});
            if (random() % 8 == 0) running.resume();
        }
        REQUIRE_FALSE(running.finish());
        REQUIRE(total == 200);
    }
}

TEST_CASE("what waits is saved, and asked for again") {
    questions of, others;
    strings out;
    auto running = start_asking(of, out, system_clock{});
    const std::string text(50, 'x');
    for (int i = 0; i < 3; ++i) running.push({text, static_cast<double>(i), 1, at_ms(i)});
    of.answer(1);
    auto loaded = start_asking(others, out, system_clock{});
    loaded.push(numbered(9));
    const answer_to<int> old = others.open.at(9);
    REQUIRE_FALSE(load(save(running), loaded));
    others.open.clear();
    old(90);  // of a question that is no more
    loaded.tick();
    CHECK(others.open.size() == 3);
    for (int i = 0; i < 3; ++i) others.answer(i);
    CHECK_FALSE(loaded.finish());
    CHECK(out == strings{"0 0", "1 10", "2 20"});
}

TEST_CASE("what throws costs its event alone, and is counted") {
    strings out;
    auto running =
        start(from<trade>("t", any_time) | async_enrich<int>(
                                               [](const trade& one, answer_to<int> to) {
                                                   if (one.price == 1)
                                                       throw std::runtime_error{"asked"};
                                                   to(static_cast<int>(one.price));
                                               },
                                               [](const trade& one, const int* answer) {
                                                   if (one.price == 2)
                                                       throw std::runtime_error{"answered"};
                                                   return as_text(one, answer);
                                               }),
              [&](const std::string& line) { out.push_back(line); });
    running.push(numbered(0));
    CHECK_THROWS_WITH(running.push(numbered(1)), "asked");
    CHECK_THROWS_WITH(
        [&] {
            running.push(numbered(2));
            running.tick();
        }(),
        "answered");
    running.push(numbered(3));
    CHECK_FALSE(running.finish());
    CHECK(out == strings{"0 0", "3 3"});
    CHECK(running.stats().failed == 2);
}

TEST_CASE("who drives a pipeline is told of answers") {
    questions of;
    strings out;
    int told = 0;
    {
        auto running = start_asking(of, out, system_clock{});
        running.on_ready([&] { ++told; });
        running.push(numbered(0));
        running.push(numbered(1));
        of.answer(0);
        of.answer(1);  // nothing was taken since
        CHECK(told == 1);
        running.resume();
        CHECK(out == strings{"0 0", "1 10"});
        running.push(numbered(2));
    }
    of.answer(2);
    CHECK(told == 1);
}

TEST_CASE("async_enrich says what it is, and refuses what makes no sense") {
    const auto enriched = [](auto... options) {
        return from<trade>("t") | key_by(&trade::symbol) |
               async_enrich<int>([](const trade&, const answer_to<int>&) {},
                                 [](const trade& one, const int*) { return one; }, options...);
    };
    const std::string text = describe(enriched(as_answered, in_flight{7})).text();
    CAPTURE(text);
    CHECK(text.find("3_async_enrich: in_order false; in_flight 7, timeout 5s -> trade by symbol") !=
          std::string::npos);
    CHECK_THROWS_AS(enriched(in_flight{0}), std::invalid_argument);
    CHECK_THROWS_AS(enriched(timeout{0s}), std::invalid_argument);
}
