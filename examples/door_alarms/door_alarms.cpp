// Cold rooms whose door stands open for too long: a state and a timer for each room.
#include <cstdint>
#include <iostream>
#include <string_view>

#include <millrace/millrace.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct door {
    std::string_view room;
    bool is_open;
    mr::timestamp time;
};

struct door_alarm {
    std::string_view room;
    bool is_over;
    std::int64_t seconds_open;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<door> = mr::fields(mr::field{"room", &door::room},
                                                    mr::field{"open", &door::is_open},
                                                    mr::event_time{"time", &door::time});
template <>
inline constexpr auto mr::schema<door_alarm> =
    mr::fields(mr::field{"room", &door_alarm::room}, mr::field{"over", &door_alarm::is_over},
               mr::field{"seconds_open", &door_alarm::seconds_open},
               mr::event_time{"time", &door_alarm::time});

/// What is known of a room while its door is open.
struct open_door {
    mr::timestamp since{};
    bool is_alarmed = false;

    template <class Archive>
    void archive(Archive& ar) {
        ar(since, is_alarmed);
    }
};

struct watch_doors {
    mr::duration patience;

    void on_event(auto& ctx, const door& d) const {
        if (!d.is_open) {
            if (ctx.read().is_alarmed) say(ctx, true);
            ctx.erase();  // also the timer
        } else if (!ctx.has_state()) {
            ctx.state().since = d.time;
            ctx.timer_at(d.time + patience);
        }
    }

    void on_timer(auto& ctx, mr::timestamp) const {
        ctx.state().is_alarmed = true;
        say(ctx, false);
    }

private:
    static void say(auto& ctx, bool is_over) {
        const auto open = ctx.time() - ctx.read().since;
        ctx.emit({ctx.key(), is_over, open / 1s, ctx.time()});
    }
};

int main() {
    auto alarms =
        mr::from<door>("doors") | mr::key_by(&door::room) |
        mr::process_with_state<open_door, door_alarm>(watch_doors{2min}, mr::max_keys{10'000});

    // On a server: mr::endpoint<> server{{.port = 8080}}; server.serve(std::move(alarms));
    auto running = mr::start(alarms, [](const door_alarm& a) {
        std::cout << a.room << (a.is_over ? ": shut after " : ": open for ") << a.seconds_open
                  << " s\n";
    });
    const auto report = [&](std::string_view room, bool is_open, mr::duration at) {
        running.push({room, is_open, mr::timestamp{at}});
    };
    report("fish", true, 0s);
    report("dairy", true, 10s);
    report("dairy", false, 25s);  // in time
    report("ice", true, 100s);
    report("dairy", true, 130s);  // two minutes are over: the fish
    report("fish", false, 200s);
    report("ice", false, 215s);
    report("meat", true, 300s);  // and the dairy
}
