// A stage of one's own, which remembers: it passes on an event only where its valve has moved.
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/millrace.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct valve {
    std::string_view name;
    bool is_open;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<valve> = mr::fields(mr::field{"valve", &valve::name},
                                                     mr::field{"open", &valve::is_open},
                                                     mr::event_time{"time", &valve::time});

struct when_moved : mr::stage {
    static constexpr std::string_view stage_name = "when_moved";  // in its description and metrics

    template <class Stream>
    static consteval void require() {
        static_assert(std::same_as<typename Stream::event_type, valve>, "when_moved needs: valves");
    }
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}};
    }

    template <class Next>
    struct node : mr::forwarding_node<Next> {
        std::map<std::string, bool, std::less<>> last{};  // a real one would bound this

        void push(const valve& one, mr::event_stamp at) {
            const auto known = last.find(one.name);
            if (known != last.end() && known->second == one.is_open) return;
            last.insert_or_assign(std::string{one.name}, one.is_open);
            this->next.push(one, at);
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(last, this->next);
        }
    };
};

int main() {
    auto moves = mr::from<valve>("valves") | when_moved{} | mr::key_by(&valve::name) |
                 mr::window(mr::tumbling{1min}, mr::drop_late) | mr::process<mr::count>();

    auto running = mr::start(moves, [](const auto& row) {
        std::cout << row.key << " moved " << mr::at<"count">(row) << " times\n";
    });
    int second = 0;
    for (const bool is_open : {true, true, true, false, false, true}) {
        const mr::timestamp now{std::chrono::seconds{second++}};
        running.push({"inlet", is_open, now});
        running.push({"outlet", true, now});
    }
    running.finish();
}
