#include <millrace/pipeline/detail/graph/taken_records.hpp>

#include <string_view>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using note = named_value<"note", double>;

/// Opens a topic of its own.
struct audited : stage {
    template <class Channel, class Next>
    struct node : forwarding_node<Next> {
        Channel channel;

        node(Channel c, Next n) : forwarding_node<Next>{std::move(n)}, channel{std::move(c)} {}

        template <class Event>
        void push(const Event& event, event_stamp at) {
            channel(note{event.price});
            this->next.push(event, at);
        }
    };

    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next, class Context>
    auto make_node(const Stream& in, Next next, Context& context) const {
        auto channel = context.template open<note>("audit", in.key);
        return node<decltype(channel), Next>{std::move(channel), std::move(next)};
    }
};

}  // namespace

TEST_CASE("a function takes records of a topic, of an end, of late events, or none") {
    const auto takes = []<class Taken, class Description>(const Taken&, const Description&) {
        return detail::takes_some_records<Taken, Description>();
    };
    const auto trades = [](const trade&) {};
    const auto all = [](std::string_view, const auto&) {};
    const auto notes = [](const note&) {};
    const auto counted = window(tumbling{1s}, drop_late) | process<count>();
    const auto source = [](const char* name) { return from<trade>(name); };
    CHECK(takes(trades, source("t") | publish("trades") | counted));
    CHECK(takes(trades, source("t") | window(tumbling{1s}, late_to("late")) | process<count>()));
    CHECK(takes(trades, source("t") | errors_to("broken") | counted));
    CHECK(takes(trades, source("t") | tee(counted) | publish("trades")));
    CHECK(takes(trades, union_of(source("a") | publish("a"), source("b")) | counted));
    CHECK(takes(all, source("t") | counted));
    CHECK_FALSE(takes(trades, source("t") | counted));
    CHECK_FALSE(takes(trades, source("t") | counted | publish("counts")));
    CHECK_FALSE(takes(trades, union_of(source("a"), source("b")) | counted));
    CHECK(takes(notes, source("t") | audited{} | publish("raw")));
    CHECK(takes(notes, source("t") | tee(audited{} | publish("raw")) | counted));
    CHECK_FALSE(takes(notes, source("t") | counted | publish("counts")));
}

TEST_CASE("a function is started that takes only what a stage of one's own publishes") {
    int seen = 0;
    auto running = start(from<trade>("t") | audited{} | publish("raw"),
                         [&](std::string_view topic, const note&) { seen += topic == "audit"; });
    running.push(trade{});
    CHECK(seen == 1);
}
