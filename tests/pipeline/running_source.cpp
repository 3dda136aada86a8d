#include <millrace/pipeline/running_source.hpp>

#include <span>
#include <string>

#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("each source takes its own messages, and counts them") {
    fed f{counts(union_of(from<trade>("A"), from<trade>("B", codec_limits{.max_events = 1})),
                 tumbling{10ms}, drop_late)};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    std::string message = R"([{"symbol":"a","price":1,"size":1,"time":1},)"
                          R"({"symbol":"a","price":1,"size":1,"time":2}])";
    message.push_back('\0');
    const auto receive = [&message](auto& by) {
        std::string copy = message;
        return by.receive(std::span{copy.data(), copy.size() - 1}, [](const input_error&) {});
    };
    CHECK(receive(a) == 2);
    CHECK(receive(b) < 2);
    CHECK(a.events() == 2);
    CHECK(a.rejected() == 0);
    CHECK(b.rejected() > 0);
    CHECK(f.stats().rejected == b.rejected());
}

TEST_CASE("a source that is looked at alone may become idle alone") {
    fed f{counts(union_of(from<trade>("A", idle_timeout{1s}), from<trade>("B", idle_timeout{1s})),
                 tumbling{10ms}, drop_late)};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    b.tick();
    f.clock.advance(1s);
    b.tick();
    b.tick();
    a.push({"a", 1, 1, at_ms(1)});
    a.push({"a", 1, 1, at_ms(11)});
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
}

TEST_CASE("a pipeline of one source is that source") {
    fed f{counts(from<trade>("A"), tumbling{10ms}, drop_late)};
    f.running.push({"a", 1, 1, at_ms(1)});
    f.running.source<0>().push({"a", 1, 1, at_ms(2)});
    CHECK(f.running.events() == 2);
    CHECK(f.running.input() == "A");
}
