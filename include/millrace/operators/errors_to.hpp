#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/stage.hpp>

namespace millrace {

namespace detail {

/// Contains what the nodes behind it throw at an event.
template <class Channel, class Next>
struct errors_node : forwarding_node<Next> {
    Channel channel;
    std::uint64_t failed = 0;

    errors_node(Channel c, Next n) : forwarding_node<Next>{std::move(n)}, channel{std::move(c)} {}

    template <class Event>
    void push(const Event& event, event_stamp at) {
        contain(event, [&] { this->next.push(event, at); });
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        contain(after, [&] { this->next.update(before, after, at); });
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        contain(gone, [&] { this->next.remove(gone, at); });
    }
    /// Behind it none waits: what throws there has to be known for its event's.
    void begin_batch() noexcept {}
    void end_batch() noexcept {}
    template <class Stats>
    void collect(Stats& stats) const {
        stats.failed += failed;
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(failed, this->next);
    }

private:
    template <class Event, class Work>
    void contain(const Event& event, Work&& work) {
        try {
            work();
        } catch (...) {
            ++failed;
            channel(event);
        }
    }
};

}  // namespace detail

struct errors_stage : stage {
    static constexpr std::string_view stage_name = "errors_to";
    using is_one_to_one = void;
    using passes_all = void;
    using is_by_key = void;
    using contains_errors = void;
    using takes_updates = void;

    std::string topic;

    explicit errors_stage(std::string name) : topic{std::move(name)} {}

    template <class To>
    void describe(To& to) const {
        to.setting("topic", topic);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(described<typename Stream::event_type>,
                      "errors_to needs: a millrace::schema of what it publishes "
                      "(see millrace/core/schema.hpp)");
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        auto channel = context.template open<typename Stream::event_type>(topic, in.key);
        return detail::errors_node<decltype(channel), Next>{std::move(channel), std::move(next)};
    }
};

/// An event at which an operator, an analyzer or a consumer behind this throws is published on
/// `topic` and counted (`pipeline_stats::failed`), and the stream goes on:
///
///     from<trade>("trades") | errors_to("broken") | map(...) | ...
///
/// The event is lost to what stands behind the place that threw, and to nothing else. Without this
/// it is, too, and it is counted, but whoever pushes gets the exception; an endpoint closes the
/// sender's connection. What throws in a `parallel` section is contained by one that stands in it.
/// What is thrown while windows close belongs to no event, is not counted, and goes to whoever
/// drives the pipeline all the same. Behind this, windows of very many keys take events in one by
/// one, which costs them more.
[[nodiscard]] inline errors_stage errors_to(std::string topic) {
    return errors_stage{std::move(topic)};
}

}  // namespace millrace
