#include <millrace/storage/background_writer.hpp>

#include <deque>
#include <future>
#include <memory>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// A sink in the test's hand: it reports each batch, and waits for the answer to give.
struct desk {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::vector<int>> attempts;
    std::vector<int> written;
    std::deque<detail::write_result> answers;
    bool answers_itself = true;

    detail::write_result attempt(std::span<const int> rows, const std::atomic<bool>& give_up) {
        std::unique_lock lock{mutex};
        attempts.emplace_back(rows.begin(), rows.end());
        changed.notify_all();
        while (!answers_itself && answers.empty()) {
            if (give_up) return {.error = errc::storage_locked};
            changed.wait_for(lock, 1ms);
        }
        detail::write_result result{};
        if (!answers.empty()) {
            result = answers.front();
            answers.pop_front();
        }
        if (!result.error) written.insert(written.end(), rows.begin(), rows.end());
        return result;
    }

    void answer(detail::write_result result) {
        const std::lock_guard lock{mutex};
        answers.push_back(result);
        changed.notify_all();
    }

    void wait_for_attempts(std::size_t count) {
        std::unique_lock lock{mutex};
        REQUIRE(changed.wait_for(lock, 10s, [&] { return attempts.size() >= count; }));
    }
};

struct sink {
    desk* to;
    detail::write_result operator()(std::span<const int> rows, const std::atomic<bool>& give_up) {
        return to->attempt(rows, give_up);
    }
};

using writer = detail::background_writer<int, sink>;

detail::writer_options quick() {
    return {.queue_rows = 4,
            .batch_rows = 2,
            .batch_interval = 0ms,
            .on_full = when_full::drop_oldest,
            .append_timeout = 10s,
            .retry_interval = 1ms,
            .max_retry_interval = 4ms,
            .close_timeout = 10s};
}

/// A writer with row 0 under way and 1, 2, 3, 4 in the full queue.
std::unique_ptr<writer> full_writer(desk& to, detail::writer_options options) {
    to.answers_itself = false;
    auto out = std::make_unique<writer>(options, sink{&to});
    CHECK(!out->append(0));
    to.wait_for_attempts(1);
    for (int i = 1; i <= 4; ++i) CHECK(!out->append(i));
    CHECK(out->stats().pending == 5);
    return out;
}

void let_go(desk& to) {
    const std::lock_guard lock{to.mutex};
    to.answers_itself = true;
    to.changed.notify_all();
}

}  // namespace

TEST_CASE("rows come in order, in batches of limited size") {
    desk at;
    auto options = quick();
    options.queue_rows = 10'000;
    options.batch_rows = 64;
    std::vector<int> expected;
    {
        writer out{options, sink{&at}};
        for (int i = 0; i < 5000; ++i) {
            REQUIRE(!out.append(i));
            expected.push_back(i);
        }
        CHECK(!out.flush());
        const storage_stats stats = out.stats();
        CHECK(stats.appended == 5000);
        CHECK(stats.pending == 0);
        CHECK(stats.dropped == 0);
        CHECK(at.written == expected);
    }
    for (const auto& batch : at.attempts) CHECK(batch.size() <= 64);
}

TEST_CASE("a row waits for company until the batch is full, or someone waits for it") {
    desk at;
    auto options = quick();
    options.batch_interval = 1h;
    writer out{options, sink{&at}};
    out.append(1);
    out.append(2);
    at.wait_for_attempts(1);
    CHECK(at.attempts[0] == std::vector{1, 2});
    out.append(3);
    CHECK(!out.flush());
    CHECK(at.attempts[1] == std::vector{3});
    out.append(4);
    CHECK(!out.settle(10s));
    CHECK(at.attempts[2] == std::vector{4});
}

TEST_CASE("a full queue drops the oldest row") {
    desk at;
    auto out = full_writer(at, quick());
    CHECK(out->append(5) == errc::storage_queue_full);
    CHECK(out->append(6) == errc::storage_queue_full);
    CHECK(out->stats().dropped == 2);
    CHECK(out->stats().appended == 7);
    CHECK(out->stats().pending == 5);
    let_go(at);
    CHECK(!out->flush());
    CHECK(at.written == std::vector{0, 3, 4, 5, 6});
}

TEST_CASE("or drops the newest") {
    desk at;
    auto options = quick();
    options.on_full = when_full::drop_newest;
    auto out = full_writer(at, options);
    CHECK(out->append(5) == errc::storage_queue_full);
    CHECK(out->stats().dropped == 1);
    CHECK(out->stats().appended == 5);
    let_go(at);
    CHECK(!out->flush());
    CHECK(!out->append(6));
    CHECK(!out->flush());
    CHECK(at.written == std::vector{0, 1, 2, 3, 4, 6});
}

TEST_CASE("or lets the caller wait until there is room") {
    desk at;
    auto options = quick();
    options.on_full = when_full::block;
    auto out = full_writer(at, options);
    auto blocked = std::async(std::launch::async, [&] { return out->append(5); });
    let_go(at);
    CHECK(!blocked.get());
    CHECK(!out->flush());
    CHECK(out->stats().dropped == 0);
    CHECK(at.written == std::vector{0, 1, 2, 3, 4, 5});
}

TEST_CASE("but not for ever") {
    desk at;
    auto options = quick();
    options.on_full = when_full::block;
    options.append_timeout = 1ms;
    auto out = full_writer(at, options);
    CHECK(out->append(5) == errc::storage_queue_full);
    CHECK(out->stats().dropped == 1);
    let_go(at);
    CHECK(!out->flush());
    CHECK(at.written == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("there is room while a quarter of the queue is free, and when writing fails") {
    desk to;
    const auto out = full_writer(to, quick());
    CHECK_FALSE(out->has_room());
    to.answer({.error = errc::storage_full});
    to.wait_for_attempts(2);  // the first has failed by then
    CHECK(out->has_room());
    to.answers_itself = true;
    REQUIRE_FALSE(out->flush());
    CHECK(out->has_room());
}

TEST_CASE("a batch that failed is kept and tried again until it succeeds") {
    desk at;
    at.answers_itself = false;
    writer out{quick(), sink{&at}};
    out.append(1);
    at.wait_for_attempts(1);
    out.append(2);
    for (int i = 0; i < 5; ++i) at.answer({.error = errc::storage_full});
    at.wait_for_attempts(6);
    storage_stats stats = out.stats();
    CHECK(stats.errors == 5);
    CHECK(stats.is_failing);
    CHECK(stats.last_error == errc::storage_full);
    CHECK(stats.pending == 2);
    let_go(at);
    CHECK(!out.flush());
    stats = out.stats();
    CHECK_FALSE(stats.is_failing);
    CHECK(stats.last_error == errc::storage_full);
    CHECK(stats.errors == 5);
    CHECK(stats.dropped == 0);
    for (std::size_t i = 0; i < 6; ++i) CHECK(at.attempts[i] == std::vector{1});
    CHECK(at.written == std::vector{1, 2});
}

TEST_CASE("flush does not wait out the interval, and gives the error of its own attempt") {
    desk at;
    at.answers_itself = false;
    auto options = quick();
    options.retry_interval = options.max_retry_interval = 1h;
    writer out{options, sink{&at}};
    out.append(1);
    at.wait_for_attempts(1);
    auto first = std::async(std::launch::async, [&] { return out.flush(); });
    at.answer({.error = errc::storage_full});  // of an attempt from before, perhaps
    at.answer({.error = errc::storage_locked});
    CHECK(first.get() == errc::storage_locked);
    CHECK(out.settle(1h) == errc::storage_locked);
    let_go(at);
    CHECK(!out.flush());
    CHECK(at.written == std::vector{1});
}

TEST_CASE("settle waits no longer than it is told to") {
    desk at;
    at.answers_itself = false;
    writer out{quick(), sink{&at}};
    out.append(1);
    CHECK(out.settle(1ms) == errc::timed_out);
    let_go(at);
    CHECK(!out.settle(10s));
}

TEST_CASE("rows that can never be written are counted as dropped") {
    desk at;
    at.answers_itself = false;
    writer out{quick(), sink{&at}};
    at.answer({.refused = 1, .refusal = errc::storage_failed});
    out.append(1);
    CHECK(!out.flush());
    CHECK(out.stats().dropped == 1);
    CHECK(out.stats().errors == 1);
    CHECK(out.stats().last_error == errc::storage_failed);
    CHECK_FALSE(out.stats().is_failing);
    let_go(at);
}

TEST_CASE("close writes what waits") {
    desk at;
    auto out = full_writer(at, quick());
    auto closing = std::async(std::launch::async, [&] { out->close(); });
    let_go(at);
    closing.get();
    CHECK(at.written == std::vector{0, 1, 2, 3, 4});
    CHECK(out->stats().dropped == 0);
    CHECK(out->stats().pending == 0);
}

TEST_CASE("close gives up in the end and counts what is lost") {
    desk at;
    auto options = quick();
    options.close_timeout = 1ms;
    auto out = full_writer(at, options);
    out->close();
    CHECK(at.written.empty());
    CHECK(out->stats().dropped == 5);
    CHECK(out->stats().pending == 0);
    CHECK(out->flush() == errc::timed_out);
}

TEST_CASE("threads may append and flush at once") {
    desk at;
    auto options = quick();
    options.on_full = when_full::block;
    writer out{options, sink{&at}};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&out, t] {
            for (int i = 0; i < 500; ++i) {
                static_cast<void>(out.append(t * 1000 + i));
                if (i % 50 == 0) static_cast<void>(out.flush());
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(!out.flush());
    CHECK(at.written.size() == 2000);
    for (int t = 0; t < 4; ++t) {
        std::vector<int> of_thread;
        for (const int each : at.written) {
            if (each / 1000 == t) of_thread.push_back(each);
        }
        CHECK(of_thread.size() == 500);
        CHECK(std::is_sorted(of_thread.begin(), of_thread.end()));
    }
}

namespace {

/// Keeps what a writer tells.
struct listener {
    std::mutex mutex;
    std::vector<std::string> lines;

    log_hook hook() {
        return [this](const log_entry& entry) {
            const std::lock_guard lock{mutex};
            const bool is_failure = entry.what == log_event::storage_failed;
            lines.push_back((is_failure ? "- " : "+ ") + std::string{entry.message});
        };
    }
    std::vector<std::string> all() {
        const std::lock_guard lock{mutex};
        return lines;
    }
};

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("failures and recoveries are told once each change of state") {
    desk at;
    listener heard;
    auto options = quick();
    options.name = "w";
    options.log = heard.hook();
    at.answers_itself = false;
    {
        writer out{options, sink{&at}};
        out.append(1);
        for (int i = 0; i < 3; ++i) at.answer({.error = errc::storage_full});
        for (int i = 0; i < 3; ++i) at.answer({.error = errc::storage_locked, .text = "held"});
        at.wait_for_attempts(7);
        CHECK(heard.all() == lines{"- w: storage full; rows wait until it works again",
                                   "- w: held; rows wait until it works again"});
        let_go(at);
        CHECK(!out.flush());
        for (int i = 0; i < 3; ++i) out.append(i);
        CHECK(!out.flush());
    }
    CHECK(heard.all().size() == 3);
    CHECK(heard.all().back() == "+ w: works again");
}

TEST_CASE("dropped rows are told when it begins and when it is over") {
    desk at;
    listener heard;
    auto options = quick();
    options.on_full = GENERATE(when_full::drop_oldest, when_full::drop_newest);
    options.name = "w";
    auto out = full_writer(at, options);
    out->log_to(heard.hook());
    out->log_to([](const log_entry&) { FAIL("it has a log already"); });
    CHECK_FALSE(out->has_room());
    for (int i = 5; i < 9; ++i) CHECK(out->append(i) == errc::storage_queue_full);
    CHECK(heard.all() == lines{"- w: the queue is full, rows are dropped"});
    let_go(at);
    CHECK(!out->flush());
    CHECK(out->has_room());
    out->close();
    CHECK(heard.all() == lines{"- w: the queue is full, rows are dropped",
                               "+ w: the queue has room again, 4 rows were dropped"});
}

TEST_CASE("refused rows are told as often as their number doubles, lost ones at the end") {
    desk at;
    listener heard;
    auto options = quick();
    options.name = "w";
    options.log = heard.hook();
    options.close_timeout = 1ms;
    options.batch_rows = 1;
    at.answers_itself = false;
    {
        writer out{options, sink{&at}};
        for (int i = 0; i < 4; ++i) {
            at.answer({.refused = 1, .refusal = errc::storage_failed, .text = "no"});
            out.append(i);
            CHECK(!out.flush());
        }
        out.append(9);
    }
    CHECK(heard.all() == lines{"- w: no; 1 rows were refused so far, and dropped",
                               "- w: no; 2 rows were refused so far, and dropped",
                               "- w: no; 4 rows were refused so far, and dropped",
                               "- w: storage locked; rows wait until it works again",
                               "- w: closed before 1 rows were durable: they are lost"});
}

TEST_CASE("a log that throws is counted, and one that asks for the state gets it") {
    desk at;
    auto options = quick();
    writer* asked = nullptr;
    storage_stats seen;
    options.log = [&](const log_entry&) {
        seen = asked->stats();
        throw std::runtime_error{"on purpose"};
    };
    at.answers_itself = false;
    writer out{options, sink{&at}};
    asked = &out;
    at.answer({.error = errc::storage_full});
    at.answer({.error = errc::storage_full});
    out.append(1);
    at.wait_for_attempts(3);
    CHECK(seen.is_failing);
    CHECK(out.stats().errors == 3);
    let_go(at);
    CHECK(!out.flush());
}

TEST_CASE("a sink's upkeep is behind each batch, and its failure is the writer's") {
    struct careful : sink {
        std::atomic<int>* calls;
        detail::write_result upkeep(const std::atomic<bool>&) {
            if (++*calls == 1) return {.error = errc::storage_removed};
            return {};
        }
    };
    desk at;
    std::atomic<int> calls = 0;
    listener heard;
    auto options = quick();
    options.name = "w";
    options.log = heard.hook();
    {
        detail::background_writer<int, careful> out{options, careful{{&at}, &calls}};
        out.append(1);
        out.append(2);
        CHECK(!out.flush());
        out.append(3);
        CHECK(!out.flush());
        out.close();
        CHECK(out.stats().removals == 1);
        CHECK(out.stats().errors == 1);
        CHECK_FALSE(out.stats().is_failing);
    }
    CHECK(heard.all() ==
          lines{"- w: storage file removed or replaced; it is tried again", "+ w: works again"});
}

TEST_CASE("a queue or a batch of no rows is refused") {
    desk at;
    auto options = quick();
    options.queue_rows = 0;
    CHECK_THROWS_AS((writer{options, sink{&at}}), std::invalid_argument);
    options = quick();
    options.batch_rows = 0;
    CHECK_THROWS_AS((writer{options, sink{&at}}), std::invalid_argument);
}
