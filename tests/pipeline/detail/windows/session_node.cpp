#include <millrace/pipeline/detail/windows/session_node.hpp>

#include "../../sessions.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// One key's sessions, with a watermark that the test sets.
template <class... Options>
struct fed_sessions {
    strings out{};
    manual_clock clock{at_ms(1'000'000'000)};

    explicit fed_sessions(session window, Options... options)
        : running{make(out, clock, window, options...)} {}
    fed_sessions(const fed_sessions&) = delete;
    fed_sessions& operator=(const fed_sessions&) = delete;

    void push(long long ms, double value) { running.push({"a", value, 1, at_ms(ms)}); }
    void to(long long ms) { running.advance(at_ms(ms)); }
    [[nodiscard]] strings take() { return std::exchange(out, {}); }

    static auto make(strings& out, manual_clock& clock, session window, Options... options) {
        return start(
            from<trade>("t", disorder{1h}) | key_by(&trade::symbol) |
                millrace::window(window, late_to([&out](const trade& one) {
                                     out.push_back("late " + std::to_string(ms_of(one.time)));
                                 }),
                                 options...) |
                process<session_totals>(),
            [&out](const auto& row) { out.push_back(text_of(row)); }, clock_view{clock});
    }
    decltype(make(std::declval<strings&>(), std::declval<manual_clock&>(), std::declval<session>(),
                  std::declval<Options>()...)) running;
};

}  // namespace

TEST_CASE("the golden cases of sessions") {
    // Both sides have fired.
    fed_sessions both{session{5ms}, lateness{10ms}};
    both.push(0, 1);
    both.push(8, 2);
    both.to(13);
    CHECK(both.take() == strings{"+a[0,5)=1 open", "+a[8,13)=2 open"});
    both.push(4, 4);
    CHECK(both.take() == strings{"-a[0,5)=1 open", "-a[8,13)=2 open", "+a[0,13)=7 open"});
    both.to(22);
    CHECK(both.take().empty());
    both.to(23);
    CHECK(both.take() == strings{"~a[0,13)=7"});
    CHECK(both.running.stats().keys == 0);
    CHECK(both.running.stats().corrected == 1);

    // One side has fired, and what it joins has not ended.
    fed_sessions one{session{5ms}, lateness{10ms}};
    one.push(0, 1);
    one.push(8, 2);
    one.to(6);
    CHECK(one.take() == strings{"+a[0,5)=1 open"});
    one.push(4, 4);
    CHECK(one.take() == strings{"-a[0,5)=1 open"});
    one.to(12);
    CHECK(one.take().empty());
    one.to(13);
    CHECK(one.take() == strings{"+a[0,13)=7 open"});

    // Exactly one gap apart.
    for (const bool is_told : {false, true}) {
        for (const bool is_in_order : {true, false}) {
            fed_sessions edge{session{5ms}};
            if (is_in_order) edge.push(0, 1);
            if (is_told && is_in_order) edge.to(5);
            edge.push(5, 2);
            if (!is_in_order) edge.push(0, 1);
            edge.to(10);
            CHECK(edge.take() == strings{"+a[0,5)=1", "+a[5,10)=2"});
        }
    }

    // A late event where a session was.
    fed_sessions freed{session{5ms}};
    freed.push(0, 1);
    freed.to(6);
    freed.push(3, 2);
    freed.push(6, 4);
    freed.to(11);
    CHECK(freed.take() == strings{"+a[0,5)=1", "late 3", "+a[6,11)=4"});
}

TEST_CASE("random streams give the sessions of the textbook") {
    check_random_sessions(false, [](disorder allowed) { return from<trade>("t", allowed); });
}

TEST_CASE("random sessions with early records are those of sorting too") {
    check_random_sessions(
        false, [](disorder allowed) { return from<trade>("t", allowed); }, early{events{3}},
        early{every{std::chrono::seconds{5}}});
}

TEST_CASE("sessions close in the order of their ends, and of one end in that of their keys") {
    fed keys{counts(from<trade>("t", disorder{5s}), session{1s}, drop_late)};
    for (const char* key : {"b", "a", "c"}) keys.push(key, 1000);
    keys.push("c", 900);
    keys.push("b", 1800);
    keys.push("c", 5000);
    keys.running.advance(at_ms(2800));
    CHECK(keys.take() ==
          strings{"a 1000 1 0 watermark", "c 900 2 0 watermark", "b 1000 2 0 watermark"});
    CHECK(keys.stats().keys == 1);
    CHECK(keys.stats().open_windows == 1);
    keys.running.finish();
    CHECK(keys.out == strings{"c 5000 1 0 stop"});
}

TEST_CASE("an idle source shows sessions, and takes back what is another one by now") {
    fed_sessions shown{session{10ms}};
    shown.push(5, 1);
    const auto pass = [&] {
        shown.running.tick();
        shown.clock.advance(10s);
        shown.running.tick();
        shown.running.tick();
    };
    pass();
    CHECK(shown.take() == strings{"+a[5,15)=1 open"});
    pass();
    CHECK(shown.take().empty());
    shown.push(5, 2);  // changes nothing of its bounds
    pass();
    CHECK(shown.take() == strings{"~a[5,15)=3 open"});
    shown.push(0, 4);
    CHECK(shown.take() == strings{"-a[5,15)=3 open"});
    shown.to(15);
    CHECK(shown.take() == strings{"+a[0,15)=7"});
}

TEST_CASE("a maximum ends a session that has no pause") {
    fed_sessions cut{session{5ms, 12ms}};
    for (int ms = 0; ms < 30; ms += 4) cut.push(ms, 1);
    cut.push(23, 1);
    cut.to(100);
    CHECK(cut.take() == strings{"+a[0,12)=3", "+a[12,24)=4", "+a[24,33)=2"});
    // What would be longer is not joined: the earlier ends where the later begins.
    for (const int ms : {110, 118, 107, 114}) cut.push(ms, 1);
    cut.to(200);
    CHECK(cut.take() == strings{"+a[107,118)=3", "+a[118,123)=1"});
}

TEST_CASE("a further key, and a further session of a key, is refused at the limit") {
    fed keys{counts(from<trade>("t", disorder{1h}), session{1s}, max_keys{2}, max_windows{2},
                    drop_late)};
    for (const char* key : {"a", "b", "c"}) keys.push(key, 0);
    CHECK(keys.stats().refused_keys == 1);
    for (const int second : {5, 10, 4, 5}) keys.push("a", second * 1000 + 500);
    CHECK(keys.stats().refused_keys == 3);
    keys.running.finish();
    CHECK(keys.out == strings{"a 0 1 0 stop", "b 0 1 0 stop", "a 5500 2 0 stop"});
}

TEST_CASE("sessions at the ends of time") {
    std::vector<session_row> rows;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(session{1h}, lateness{duration::max()}, drop_late) |
                             process<session_totals>(),
                         [&](const auto& row) { rows.push_back(row); });
    running.push({"a", 1, 1, timestamp::min()});
    running.push({"a", 1, 1, timestamp::min() + 59min});
    running.push({"a", 1, 1, timestamp::max()});
    running.push({"a", 1, 1, timestamp::max() - 1ns});
    running.finish();
    REQUIRE(rows.size() == 2);
    CHECK(running.stats().late == 0);
    CHECK(rows.back().window == window_bounds{timestamp::max() - 1ns, timestamp::max()});
    CHECK(at<"count">(rows.back()) == 2);
}

TEST_CASE("a consumer that throws at what a session takes back misses nothing else") {
    strings out;
    auto running =
        start(from<trade>("t", disorder{1h}) | key_by(&trade::symbol) |
                  window(session{5ms}, lateness{1s}, drop_late) | process<session_totals>(),
              [&](const session_row& row) {
                  out.push_back(text_of(row));
                  if (row.change == change::remove) throw std::runtime_error{"no"};
              });
    for (const int ms : {0, 8}) running.push({"a", 1, 1, at_ms(ms)});
    running.advance(at_ms(13));
    out.clear();
    CHECK_THROWS_AS(running.push({"a", 1, 1, at_ms(4)}), std::runtime_error);
    CHECK(out == strings{"-a[0,5)=1 open", "-a[8,13)=1 open", "+a[0,13)=3 open"});
}

TEST_CASE("sessions without a key") {
    fed all{from<trade>("t") | window(session{1s}, drop_late) | process<count>()};
    all.push("a", 0);
    all.push("b", 500);
    all.push("a", 1500);
    CHECK(all.out == strings{"0 2 0 watermark"});
    all.pass(1h);
    all.running.finish();
    CHECK(all.out == strings{"0 2 0 watermark", "1500 1 0 idle open", "1500 1 1 stop"});
}

TEST_CASE("a window behind sessions counts what they say, with their corrections") {
    std::uint64_t last = 0;
    auto running =
        start(from<trade>("t", disorder{1h}) | key_by(&trade::symbol) |
                  window(session{5ms}, lateness{1s}, drop_late) | process<count>() |
                  window(tumbling{1s}, lateness{10s}, drop_late) | process<sum<at<"count">>>(),
              [&](const auto& row) { last = static_cast<std::uint64_t>(at<"sum">(row)); });
    for (const int ms : {0, 8}) running.push({"a", 1, 1, at_ms(ms)});
    running.advance(at_ms(1000));
    CHECK(last == 2);
    running.push({"a", 1, 1, at_ms(4)});
    CHECK(last == 3);
    running.finish();
    CHECK(last == 3);
}
