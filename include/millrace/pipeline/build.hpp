#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/pipeline/key_limit.hpp>
#include <millrace/pipeline/node.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/sink.hpp>

namespace millrace::detail {

/// Turns stages into nodes, the last one first. Stages that only describe the stream (`key_by`,
/// `window`) become part of the stream's value and make no node.
template <class Sink>
class builder {
public:
    explicit builder(Sink& sink, closing_pace* pace = nullptr) : sink_{sink}, pace_{pace} {}

    template <std::size_t At, bool Published, class Stream, class... Stages>
    auto build(const Stream& in, const std::tuple<Stages...>& stages) {
        using event = typename Stream::event_type;
        if constexpr (At == sizeof...(Stages)) {
            if constexpr (Published) {
                return end_node{};
            } else {
                return with_channel(sink_.template open<event>("", in.key), end_node{});
            }
        } else {
            return build_stage<At, Published>(std::get<At>(stages), in, stages);
        }
    }

private:
    template <std::size_t At, bool Published, class Stage, class Stream, class Stages>
    auto build_rest(const Stage& stage, const Stream& in, const Stages& stages) {
        return build<At + 1, Published>(step<Stage, Stream>::apply(stage, in), stages);
    }

    template <std::size_t At, bool Published, class Operator, class Stream, class Stages>
    auto build_stage(const Operator& op, const Stream& in, const Stages& stages) {
        auto next = build_rest<At, false>(op, in, stages);
        return operator_node<Operator, decltype(next)>{op, std::move(next)};
    }

    template <std::size_t At, bool Published, class P, class Stream, class Stages>
    auto build_stage(const key_by_stage<P>& key, const Stream& in, const Stages& stages) {
        auto next = build_rest<At, Published>(key, in, stages);
        if constexpr (key_by_stage<P>::template is_limited<typename Stream::event_type>) {
            return key_limit_node<key_by_stage<P>, decltype(next)>{key, std::move(next)};
        } else {
            return next;
        }
    }

    template <std::size_t At, bool Published, class W, class L, bool O, class Stream, class Stages>
    auto build_stage(const windowing<W, L, O>& window, const Stream& in, const Stages& stages) {
        return build_rest<At, Published>(window, in, stages);
    }

    template <std::size_t At, bool Published, class Stream, class Stages>
    auto build_stage(const publish_stage& stage, const Stream& in, const Stages& stages) {
        using event = typename Stream::event_type;
        auto next = build_rest<At, true>(stage, in, stages);
        return with_channel(sink_.template open<event>(stage.topic, in.key), std::move(next));
    }

    template <std::size_t At, bool Published, class A, template <class> class S, class Stream,
              class Stages>
    auto build_stage(const process_stage<A, S>& stage, const Stream& in, const Stages& stages) {
        using processor = typename step<process_stage<A, S>, Stream>::processor;
        const std::string topic{topic_after<At + 1>(stages)};
        processor made{in.key, in.windowing, stage.options, topic};
        remember<typename processor::record_type>(topic, in.key.name, made.storage());
        auto on_late = late_channel<typename Stream::event_type>(in.windowing, in.key);
        auto next = build_rest<At, false>(stage, in, stages);
        return processor_node<processor, decltype(on_late), decltype(next)>{
            std::move(made), std::move(on_late), std::move(next), pace_};
    }

    template <std::size_t At, bool Published, class D, template <class> class S, class Stream,
              class Stages>
    auto build_stage(const detect_stage<D, S>& stage, const Stream& in, const Stages& stages) {
        using detector = typename step<detect_stage<D, S>, Stream>::detector;
        const std::string topic{topic_after<At + 1>(stages)};
        detector made{stage.options, topic, in.key.name, stage.key_limit};
        remember<typename detector::record_type>(topic, in.key.name, made.storage());
        auto next = build_rest<At, false>(stage, in, stages);
        return detector_node<detector, decltype(next)>{std::move(made), std::move(next)};
    }

    template <std::size_t At, bool Published, class First, class Second, class Stream, class Stages>
    auto build_stage(const tee_stage<First, Second>& stage, const Stream& in, const Stages&) {
        auto first = build<0, false>(in, stages_of(stage.first));
        auto second = build<0, false>(in, stages_of(stage.second));
        return tee_node<decltype(first), decltype(second)>{std::move(first), std::move(second)};
    }

    template <class Channel, class Next>
    static auto with_channel(Channel channel, Next next) {
        return channel_node<Channel, Next>{std::move(channel), std::move(next)};
    }

    /// Tells the sink of a storage that holds something.
    template <class Record, class Storage>
    void remember(std::string_view topic, std::string_view key_name, Storage& storage) {
        if constexpr (requires {
                          sink_.template history<Record>(topic, key_name, storage);
                          requires !std::same_as<Storage, null_storage<Record>>;
                      }) {
            sink_.template history<Record>(topic, key_name, storage);
        }
    }

    template <class Event, class Windowing, class KeyBy>
    auto late_channel(const Windowing& windowing, const KeyBy& key) {
        if constexpr (!Windowing::is_windowed) {
            return ignore_event{};
        } else if constexpr (std::same_as<typename Windowing::late_policy, late_to_topic>) {
            static_assert(described<Event>,
                          "late_to(topic) needs: a millrace::schema of the stream's event "
                          "(see millrace/windows/windowing.hpp)");
            return sink_.template open<Event>(windowing.late.topic, key);
        } else if constexpr (std::same_as<typename Windowing::late_policy, drop_late_t>) {
            return ignore_event{};
        } else {
            return windowing.late.function;
        }
    }

    /// The topic under which a processor's records go out next; also its storage's table.
    template <std::size_t At, class... Stages>
    static std::string_view topic_after(const std::tuple<Stages...>& stages) {
        if constexpr (At >= sizeof...(Stages)) {
            return "results";
        } else if constexpr (requires { std::get<At>(stages).topic; }) {
            return std::get<At>(stages).topic;
        } else {
            return topic_after<At + 1>(stages);
        }
    }

    Sink& sink_;
    closing_pace* pace_;
};

}  // namespace millrace::detail
