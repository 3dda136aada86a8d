#include <millrace/pipeline/detail/windows/session_base.hpp>

#include "../../sessions.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("an event joins sessions alike, whether keys share their time or each has its own") {
    const auto check = [](auto source) {
        std::vector<std::string> out;
        auto running = start(std::move(source) | key_by(&trade::symbol) |
                                 window(session{5ms}, lateness{10ms}, max_keys{1}, drop_late) |
                                 process<session_totals>(),
                             [&](const session_row& row) { out.push_back(text_of(row)); });
        const auto push = [&](std::string_view key, int ms) {
            running.push({key, 1, 1, at_ms(ms)});
        };
        push("a", 0);
        push("a", 8);
        push("a", 13);
        push("a", 12);  // joins the open one to the one that has fired
        push("b", 13);  // one key too many
        push("a", 4);   // joins all
        push("a", 18);
        push("a", 7);  // too late
        push("a", 8);  // within the lateness
        CHECK(out == strings{"+a[0,5)=1 open", "+a[8,13)=1 open", "-a[8,13)=1 open",
                             "-a[0,5)=1 open", "+a[0,18)=5 open", "~a[0,18)=6 open"});
        const pipeline_stats stats = running.stats();
        CHECK(stats.late == 1);
        CHECK(stats.corrected == 3);
        CHECK(stats.refused_keys == 1);
        CHECK(stats.open_windows == 1);
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}
