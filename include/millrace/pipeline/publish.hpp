#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/schema.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/pipeline/detail/graph/build.hpp>

namespace millrace {

struct publish_stage : stage {
    static constexpr std::string_view stage_name = "publish";
    using is_one_to_one = void;

    using is_publish = void;
    using is_by_key = void;
    using passes_all = void;
    using takes_updates = void;

    std::string topic;

    explicit publish_stage(std::string name) : topic{std::move(name)} {}

    template <class To>
    void describe(To& to) const {
        to.setting("topic", topic);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(described<typename Stream::event_type>,
                      "publish needs: a millrace::schema of what it publishes "
                      "(see millrace/core/schema.hpp)");
        detail::require_to_tell_changes<Stream>();
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        auto channel = context.template open<typename Stream::event_type>(topic, in.key);
        return detail::channel_node<decltype(channel), Next>{std::move(channel), std::move(next)};
    }
};

/// Gives each event or record to the subscribers of `topic`: on an endpoint those of the path
/// `/topic`. What follows in the pipeline gets it as well. A record that is corrected comes again,
/// and says what became of it (see `change`).
[[nodiscard]] inline publish_stage publish(std::string topic) {
    return publish_stage{std::move(topic)};
}

}  // namespace millrace
