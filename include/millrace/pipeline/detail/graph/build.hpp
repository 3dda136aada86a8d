#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/core/record.hpp>
#include <millrace/operators/measure_time.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>
#include <millrace/pipeline/detail/graph/counting_node.hpp>
#include <millrace/pipeline/detail/graph/failed_events.hpp>
#include <millrace/pipeline/detail/graph/operator_node.hpp>
#include <millrace/pipeline/detail/graph/stages_in.hpp>
#include <millrace/pipeline/detail/graph/wake_up.hpp>

namespace millrace::detail {

template <class Channel, class Next>
struct channel_node : forwarding_node<Next> {
    Channel channel;

    channel_node(Channel c, Next n) : forwarding_node<Next>{std::move(n)}, channel{std::move(c)} {}

    template <class Event>
    void push(const Event& event, event_stamp at) {
        channel(event);
        this->next.push(event, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        channel(after);
        this->next.update(before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        channel(gone);
        this->next.remove(gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        channel(row);
        this->next.preview(row, at);
    }
};

/// Stops the compiler where followers could not tell a correction from an event.
template <class Stream>
consteval void require_to_tell_changes() {
    static_assert(
        !Stream::is_updating || is_record<typename Stream::event_type>,
        "publish needs: records, which say what they correct, or final_only() before what "
        "changes them (see millrace/operators/final_only.hpp)");
}

/// Where the stages of a pipeline end: nowhere else, and what is not published goes to the sink;
/// or at a port, behind which `topic` comes next.
struct open_end {
    static constexpr std::string_view topic = "results";
};
template <std::size_t Port, class Node>
struct port_end {
    Node* to;
    std::string_view topic;

    template <class Stream>
    [[nodiscard]] port_node<Port, Node> make_node(const Stream&) const {
        return {to};
    }
};

/// Whether what comes to the end goes on elsewhere.
template <class End>
inline constexpr bool leads_on = !std::same_as<End, open_end>;

/// Whether what comes out of a stage has been published by it or in front of it.
template <class Stage, bool IsPublished>
consteval bool is_published_behind();

template <bool IsPublished, class... Stages>
consteval bool is_published_in(const std::tuple<Stages...>*) {
    bool is_published = IsPublished;
    ((is_published = is_published ? is_published_behind<Stages, true>()
                                  : is_published_behind<Stages, false>()),
     ...);
    return is_published;
}

template <class Stage, bool IsPublished>
consteval bool is_published_behind() {
    if constexpr (requires { typename Stage::is_publish; }) {
        return true;
    } else if constexpr (requires { typename Stage::section_stages; }) {
        using stages = typename Stage::section_stages;
        return is_published_in<IsPublished>(static_cast<const stages*>(nullptr));
    } else {
        return IsPublished && requires { typename Stage::passes_all; };
    }
}

/// The topic under which goes out next what comes to these stages.
template <std::size_t At = 0, class... Stages>
[[nodiscard]] std::string_view topic_from(const std::tuple<Stages...>& stages,
                                          std::string_view behind) {
    if constexpr (At >= sizeof...(Stages)) {
        return behind;
    } else if constexpr (requires {
                             typename std::tuple_element_t<At, std::tuple<Stages...>>::is_publish;
                         }) {
        return std::get<At>(stages).topic;
    } else {
        return topic_from<At + 1>(stages, behind);
    }
}

/// What is known of a pipeline whose nodes are made one behind the other.
struct build_progress {
    std::string_view topic{};
    std::set<std::pair<std::string, std::string>> tables{};  // by file
    std::size_t stages = 0;                                  // numbered so far
    std::size_t front = 0;                                   // the number of the last one made
};

/// The stage that gives a stream to the next, and the one whose time includes the time of that: of
/// the loops of a section none.
struct front_stage {
    std::size_t number = 0;
    std::size_t caller = number;
};

/// What a stage may need of the pipeline that its node becomes a part of.
template <class Sink, bool IsTimed = false>
class build_context {
public:
    static constexpr bool is_timed = IsTimed;

    build_context(Sink& sink, closing_pace& pace, failed_events& failed,
                  std::shared_ptr<wake_up> driver = nullptr)
        : sink_{sink}, pace_{pace}, failed_{failed}, driver_{std::move(driver)} {}

    /// The way to a topic's followers: a function object `channel(const Event&)`.
    template <class Event, class KeyBy>
    [[nodiscard]] auto open(std::string_view topic, const KeyBy& key) {
        return sink_.template open<Event>(topic, key);
    }

    /// Tells the sink of a topic's storage.
    template <class Record, class Storage>
    void remember(std::string_view key_name, Storage& storage) {
        static_assert(
            !requires { typename Sink::is_in_section; },
            "parallel needs: no store in it, which its loops would share; put it behind "
            "(see millrace/pipeline/parallel.hpp)");
        if constexpr (requires {
                          sink_.template history<Record>(std::string_view{}, key_name, storage);
                      }) {
            sink_.template history<Record>(made_.topic, key_name, storage);
        }
    }

    /// The topic under which what comes out of the stage goes out next; else "results".
    [[nodiscard]] std::string_view topic() const noexcept { return made_.topic; }

    /// @throws std::invalid_argument where another store keeps its records in this table of the
    /// file
    void claim(std::string_view table, const std::string& file) {
        if (!made_.tables.emplace(file, table).second) {
            throw std::invalid_argument{"millrace: two stores share the table \"" +
                                        std::string{table} + "\" of " + file +
                                        "; publish between them"};
        }
    }

    /// The number of the stage whose node is made.
    [[nodiscard]] std::size_t number() const noexcept { return made_.front; }

    [[nodiscard]] closing_pace& pace() const noexcept { return pace_; }
    [[nodiscard]] failed_events& failed() const noexcept { return failed_; }
    /// Of the running pipeline; it lives longer.
    [[nodiscard]] const std::shared_ptr<wake_up>& driver() const noexcept { return driver_; }

    /// The nodes of these stages, the last one made first. `front` is the number of the stage that
    /// gives the stream.
    /// @tparam IsCounted whether it has to be counted what comes
    template <bool IsCounted = false, class Stream, class... Stages, class End = open_end>
    [[nodiscard]] auto build(const Stream& in, const std::tuple<Stages...>& stages,
                             const End& end = {}, std::size_t front = 1) {
        return build_part<IsCounted>(in, stages, end, {front});
    }

    /// Likewise, of a section whose loops run by themselves.
    template <class Stream, class... Stages, class End>
    [[nodiscard]] auto build_section(const Stream& in, const std::tuple<Stages...>& stages,
                                     const End& end, std::size_t front) {
        return build_part<false>(in, stages, end, {front, 0});
    }

    /// @tparam IsCounted where not all goes to each branch
    template <bool IsCounted = false, class Stream, pipeline_stage Branch>
    [[nodiscard]] auto build_branch(const Stream& in, const Branch& branch) {
        return build_behind<IsCounted>(in, stages_of(branch), open_end{}, {made_.front});
    }

private:
    template <class, bool>
    friend class build_context;

    template <bool IsCounted, class Stream, class... Stages, class End>
    auto build_part(const Stream& in, const std::tuple<Stages...>& stages, const End& end,
                    front_stage front) {
        made_.stages = made_.front = front.number;
        return build_behind<IsCounted>(in, stages, end, front);
    }

    template <bool IsCounted, class Stream, class... Stages, class End>
    auto build_behind(const Stream& in, const std::tuple<Stages...>& stages, const End& end,
                      front_stage front) {
        if constexpr (!IsTimed && (... || requires { typename Stages::measures_time; })) {
            build_context<Sink, true> timed{sink_, pace_, failed_, driver_};
            const at_exit take_back{[&] { made_ = std::move(timed.made_); }};
            timed.made_ = std::move(made_);
            return timed.template build_behind<IsCounted>(in, stages, end, front);
        } else {
            const at_exit put_back{[this, front] { made_.front = front.number; }};
            return build_from<0, false, IsCounted>(in, stages, end, front);
        }
    }

    template <std::size_t At, bool IsPublished, bool IsCounted, class Stream, class... Stages,
              class End>
    auto build_from(const Stream& in, const std::tuple<Stages...>& stages, const End& end,
                    front_stage front) {
        if constexpr (At == sizeof...(Stages)) {
            auto last = make_end<IsPublished>(in, end);
            using node = decltype(last);
            const stage_mark mark{.front = front.number, .caller = front.caller};
            if constexpr (IsTimed && leads_on<End>) {
                return counting_node<IsCounted, timed_node<node>>{{{{std::move(last)}}}, mark};
            } else if constexpr (IsCounted) {
                return counting_node<true, node>{{std::move(last)}, mark};
            } else {
                return last;
            }
        } else if constexpr (requires {
                                 typename std::tuple_element_t<
                                     At, std::tuple<Stages...>>::measures_time;
                             }) {
            return build_from<At + 1, IsPublished, IsCounted>(in, stages, end, front);
        } else {
            using stage = std::tuple_element_t<At, std::tuple<Stages...>>;
            constexpr bool is_one_to_one = requires { typename stage::is_one_to_one; };
            const stage& here = std::get<At>(stages);
            using output = decltype(output_of(here, in));
            const std::size_t number = ++made_.stages;
            front_stage here_as_front{number};
            if constexpr (requires { typename stage::section_stages; }) {
                made_.stages += stages_in<typename stage::section_stages>;
                here_as_front.number += std::tuple_size_v<typename stage::section_stages>;
            }
            auto behind = build_from<At + 1, is_published_behind<stage, IsPublished>(),
                                     is_to_count<stage, output>()>(output_of(here, in), stages, end,
                                                                   here_as_front);
            constexpr bool may_change_key =
                has_operator_output<stage, typename Stream::event_type> && !requires {
                typename stage::keeps_events;
            };
            auto next = checked < may_change_key &&
                        At + 1 != sizeof...(Stages) > (output_of(here, in), std::move(behind));
            made_.topic = topic_from<At + 1>(stages, end.topic);
            made_.front = number;
            const stage_mark mark{number,        front.number,
                                  front.caller,  name_of_stage<stage>(),
                                  is_one_to_one, Stream::is_windowed};
            // Made in its place: each move would be one of all nodes behind.
            using node = decltype(make_node(here, in, std::move(next)));
            if constexpr (IsTimed) {
                return counting_node<IsCounted, timed_node<node>>{
                    {{{make_node(here, in, std::move(next))}}}, mark};
            } else {
                return counting_node<IsCounted, node>{{make_node(here, in, std::move(next))}, mark};
            }
        }
    }

    /// In a section, what stands behind an operator that may give events another key.
    template <bool MayHaveOther, class Stream, class Next>
    auto checked([[maybe_unused]] const Stream& in, Next next) {
        if constexpr (MayHaveOther && requires { typename Sink::is_in_section; }) {
            return sink_.check_key(in, std::move(next));
        } else {
            return next;
        }
    }

    /// Whether it has to be counted what comes out of the stage. Corrections may become others on
    /// their way, so that nothing follows from the stage in front.
    template <class Stage, class Out>
    static constexpr bool is_to_count() {
        if constexpr (requires { typename Stage::section_stages; }) {
            return false;  // it was, at the end of the section
        } else if constexpr (!requires { typename Stage::is_one_to_one; }) {
            return true;
        } else if constexpr (std::same_as<Out, no_stream>) {
            return false;
        } else {
            return !Out::is_windowed && Out::is_updating;
        }
    }

    /// Where the stages end.
    template <bool IsPublished, class Stream, class End>
    auto make_end(const Stream& in, [[maybe_unused]] const End& end) {
        if constexpr (std::same_as<Stream, no_stream>) {
            return end_node{};
        } else if constexpr (leads_on<End>) {
            return end.make_node(in);
        } else if constexpr (IsPublished) {
            return end_node{};
        } else {
            static_assert(!Stream::is_windowed,
                          "window needs: a process behind it (see millrace/pipeline/process.hpp)");
            require_to_tell_changes<Stream>();
            auto channel = open<typename Stream::event_type>("", in.key);
            return channel_node<decltype(channel), end_node>{std::move(channel), end_node{}};
        }
    }

    template <class Stage, class Stream, class Next>
    auto make_node(const Stage& stage, const Stream& in, Next next) {
        if constexpr (has_operator_output<Stage, typename Stream::event_type>) {
            return operator_node<Stage, Next>{stage, std::move(next)};
        } else if constexpr (requires { stage.make_node(in, std::move(next), *this); }) {
            return stage.make_node(in, std::move(next), *this);
        } else {
            return stage.make_node(in, std::move(next));
        }
    }

    Sink& sink_;
    closing_pace& pace_;
    failed_events& failed_;
    std::shared_ptr<wake_up> driver_;
    build_progress made_;
};

}  // namespace millrace::detail
