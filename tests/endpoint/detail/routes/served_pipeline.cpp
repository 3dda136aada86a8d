#include <millrace/endpoint/detail/routes/served_pipeline.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/pipeline/async_enrich.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "../../reading.hpp"
#include "../../running.hpp"
#include "../../server.hpp"

using namespace millrace;

namespace {

struct answered {
    std::uint64_t value;
    int answer;
};

std::string event(int value) {
    return R"({"sensor":"a","value":)" + std::to_string(value) +
           R"(,"time":"1970-01-01T00:00:00Z"})";
}
std::string line(int value, int answer) {
    return R"({"value":)" + std::to_string(value) + R"(,"answer":)" + std::to_string(answer) + "}";
}

/// Asks by `ask(value, to)`.
template <class Ask, class... Options>
auto answers(Ask ask, Options... options) {
    return from<reading>("readings") |
           async_enrich<int>(
               [ask](const reading& one, answer_to<int> to) { ask(one.value, std::move(to)); },
               [](const reading& one, const int* answer) {
                   return answered{one.value, answer != nullptr ? *answer : -1};
               },
               options...) |
           publish("answers");
}

}  // namespace

template <>
inline constexpr auto millrace::schema<answered> = millrace::fields(
    millrace::field{"value", &answered::value}, millrace::field{"answer", &answered::answer});

TEST_CASE("an answer wakes the endpoint's loop, from any thread and as long as it is there") {
    std::map<std::uint64_t, answer_to<int>> open;
    {
        server s;
        s.endpoint.serve(answers(
            [&](std::uint64_t value, const answer_to<int>& to) { open.emplace(value, to); }));
        client in{s, "/readings"}, out{s, "/answers"};
        for (int i = 0; i < 3; ++i) in.send_text(event(i));
        REQUIRE(open.size() == 3);
        for (int i = 0; i < 3; ++i) {
            REQUIRE_FALSE(out.next());
            std::thread{[&] { open.at(static_cast<std::uint64_t>(i))(10 * i); }}.join();
            REQUIRE(out.next_text() == line(i, 10 * i));
        }
        in.send_text(event(3));
        REQUIRE(open.size() == 4);
    }
    open.at(3)(1);  // nobody wants to know
}

TEST_CASE("over TCP: answers from other threads hold senders back, on one loop and on two") {
    for (const std::size_t loops : {1u, 2u}) {
        std::mutex mutex;
        std::vector<std::function<void()>> work;
        bool is_over = false;
        std::atomic<int> now = 0, most = 0;
        endpoint<tcp> s{
            {.port = 0, .address = "127.0.0.1", .loops = loops, .handle_signals = false}};
        s.serve(answers(
            [&](std::uint64_t value, const answer_to<int>& to) {
                most = std::max<int>(most, ++now);
                const std::lock_guard lock{mutex};
                work.push_back([&now, value, to] {
                    --now;
                    to(static_cast<int>(value) % 7);
                });
            },
            in_flight{5}, as_answered));
        std::thread worker{[&] {
            for (bool ends = false; !ends; std::this_thread::yield()) {
                std::vector<std::function<void()>> some;
                {
                    const std::lock_guard lock{mutex};
                    some.swap(work);
                    ends = is_over;
                }
                for (auto each = some.rbegin(); each != some.rend(); ++each) (*each)();
            }
        }};
        {
            running thread{s};
            testing::websocket_client out{"127.0.0.1", s.port(), "/answers"};
            testing::websocket_client first{"127.0.0.1", s.port(), "/readings"};
            testing::websocket_client second{"127.0.0.1", s.port(), "/readings"};
            std::multiset<std::string> came, right;
            for (int i = 0; i < 300; ++i) {
                (i % 2 == 0 ? first : second).send_text(event(i));
                right.insert(line(i, i % 7));
            }
            for (int i = 0; i < 300; ++i) {
                const auto message = out.receive();
                REQUIRE(message);
                came.insert(message->payload);
            }
            CHECK(came == right);
            CHECK(most <= 5);
        }
        {
            const std::lock_guard lock{mutex};
            is_over = true;
        }
        worker.join();
    }
}
