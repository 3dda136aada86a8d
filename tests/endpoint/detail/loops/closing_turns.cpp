#include <millrace/endpoint/detail/loops/closing_turns.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/windows/tumbling.hpp>

#include "../../server.hpp"

using namespace millrace;

namespace {

struct press {
    int button = 0;
    timestamp time{};
};

/// Has room for so many rows at a time, and loses others.
template <class Record>
struct slow_storage : null_storage<Record> {
    using null_storage<Record>::null_storage;

    static inline std::size_t room = 0, lost = 0;

    std::error_code append(const Record&) {
        room > 0 ? --room : ++lost;
        return {};
    }
    bool has_room() const { return room > 0; }
};

using slow = slow_storage<record<int, result_of<count>>>;

}  // namespace

template <>
inline constexpr auto millrace::schema<press> = millrace::fields(
    millrace::field{"button", &press::button},
    millrace::event_time{"time", &press::time, millrace::time_format::milliseconds});

namespace {

constexpr int keys = 2'500;

auto counts() {
    return from<press>("presses") | key_by(&press::button) | window(tumbling{1s}, drop_late) |
           process<count, slow_storage>() | publish("counts");
}

std::string event(int button, int time) {
    return R"({"button":)" + std::to_string(button) + R"(,"time":)" + std::to_string(time) + "}";
}

/// Events of all keys in one second, then two that come a second later in one message.
void send_all(memory_client& in) {
    for (int i = 0; i < keys; ++i) in.send_text(event(i, 0));
    in.send_text("[" + event(0, 1'000) + "," + event(1, 1'000) + "]");
    in.send_text(event(2, 1'000));
}

}  // namespace

TEST_CASE("an event that ends many windows is followed by slices, and what came behind it waits") {
    slow::room = 1'000'000;
    asio::io_context io;
    memory wire;
    memory_endpoint endpoint{io, {}, wire};
    std::vector<std::string> got;
    auto& running = endpoint.serve(counts());
    memory_client in{io, wire, {}};
    REQUIRE(in.upgrade("/presses"));
    for (int i = 0; i < keys; ++i) running.push({i, {}});
    running.push({0, timestamp{1s}});
    std::size_t open = running.stats().open_windows;
    CHECK(open == static_cast<std::size_t>(keys - 1'000 + 1));
    endpoint.tick();
    std::size_t turns = 0;
    while (running.is_behind()) {
        REQUIRE(io.poll_one() == 1);
        CHECK(open - running.stats().open_windows <= 1'000);
        open = running.stats().open_windows;
        ++turns;
    }
    CHECK(turns >= 2);
    in.send_text(event(1, 1'000));
    CHECK(running.stats().open_windows == 2);
}

TEST_CASE("windows of an endpoint wait for a storage's room, and a stop loses no event") {
    slow::room = slow::lost = 0;
    server s;
    auto& running = s.endpoint.serve(counts());
    client in{s, "/presses"}, out{s, "/counts"};
    send_all(in);
    CHECK(running.is_behind());
    CHECK(running.stats().open_windows == keys + 1);
    CHECK(running.stats().events == keys + 1);
    CHECK_FALSE(out.next());
    slow::room = 7;
    while (slow::room != 0) {
        s.io.restart();
        s.io.run_one();
    }
    s.run();
    CHECK(running.stats().open_windows == keys + 1 - 7);
    CHECK(slow::lost == 0);
    slow::room = 1'000'000;
    s.endpoint.stop();
    s.run();
    CHECK(running.stats().events == keys + 3);
    CHECK(running.stats().open_windows == 0);
    CHECK(1'000'000 - slow::room == keys - 7 + 3);
}
