#pragma once

#include <string_view>
#include <type_traits>

#include <millrace/operators/key_by.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/record_detector.hpp>
#include <millrace/pipeline/stream_processor.hpp>

namespace millrace::detail {

/// What flows between two stages: the event's type, and how it is keyed and windowed.
template <class Event, class KeyBy = unkeyed, class Windowing = unwindowed>
struct stream {
    using event_type = Event;
    using key_by_type = KeyBy;
    using windowing_type = Windowing;

    KeyBy key{};
    Windowing windowing{};
};

/// Nothing can follow.
struct ended {};

/// Records go on with the key that they were made under.
struct key_of_record {
    template <class Record>
    constexpr const auto& operator()(const Record& row) const noexcept {
        return row.key;
    }
};

template <class KeyBy>
struct record_key {
    using type = key_by_stage<key_of_record>;
    static type of(const KeyBy& key) { return type{key.name, {}}; }
};
template <>
struct record_key<unkeyed> {
    using type = unkeyed;
    static type of(const unkeyed&) { return {}; }
};

/// How a stage changes the stream that it is put on: the type that comes out and the value that
/// carries key and window. `require` stops the compiler when the two do not fit.
template <class Stage, class Stream>
struct step;

template <class Stage, class E, class K, class W>
struct step<Stage, stream<E, K, W>> {
    static consteval void require() {
        Stage::template require<E>();
        static_assert(stream_operator<Stage, E>,
                      "operator needs: the members in millrace/operators/operator.hpp");
    }
    using out_event = typename Stage::template output<E>;
    static constexpr bool keeps_key = std::is_same_v<out_event, E>;
    using output = std::conditional_t<keeps_key, stream<E, K, W>, stream<out_event>>;

    static output apply(const Stage&, const stream<E, K, W>& in) {
        if constexpr (keeps_key) {
            return in;
        } else {
            return {};
        }
    }
};

template <class Projection, class E, class K, class W>
struct step<key_by_stage<Projection>, stream<E, K, W>> {
    static consteval void require() { key_by_stage<Projection>::template require<E>(); }
    using output = stream<E, key_by_stage<Projection>, W>;
    static output apply(const key_by_stage<Projection>& key, const stream<E, K, W>& in) {
        return {key, in.windowing};
    }
};

template <class Window, class Late, bool PerKey, class E, class K, class W>
struct step<windowing<Window, Late, PerKey>, stream<E, K, W>> {
    static consteval void require() {
        static_assert(timed<E>,
                      "window needs: an event_time field in the schema of the stream's event "
                      "(see millrace/core/schema.hpp)");
    }
    using output = stream<E, K, windowing<Window, Late, PerKey>>;
    static output apply(const windowing<Window, Late, PerKey>& window, const stream<E, K, W>& in) {
        return {in.key, window};
    }
};

template <class A, template <class> class S, class E, class K, class W>
struct step<process_stage<A, S>, stream<E, K, W>> {
    static consteval void require() { require_analyzer<A, E>(); }
    using processor = stream_processor<E, A, S, K, W>;
    using output = stream<typename processor::record_type, typename record_key<K>::type>;
    static output apply(const process_stage<A, S>&, const stream<E, K, W>& in) {
        return {record_key<K>::of(in.key), {}};
    }
};

template <class D, template <class> class S, class E, class K, class W>
struct step<detect_stage<D, S>, stream<E, K, W>> {
    static consteval void require() {
        static_assert(is_record<E>,
                      "detect needs: records, from a process before it; for a stream of events "
                      "use process<Detector> (see millrace/pipeline/process.hpp)");
        if constexpr (is_record<E>) require_analyzer<D, E>();
    }
    using detector = record_detector<E, D, S>;
    using output = stream<joined_record<E, D>, K>;
    static output apply(const detect_stage<D, S>&, const stream<E, K, W>& in) {
        return {in.key, {}};
    }
};

template <class E, class K, class W>
struct step<publish_stage, stream<E, K, W>> {
    static consteval void require() {
        static_assert(described<E>,
                      "publish needs: a millrace::schema of what it publishes "
                      "(see millrace/core/schema.hpp)");
    }
    using output = stream<E, K, W>;
    static output apply(const publish_stage&, const output& in) { return in; }
};

/// The stream behind a list of stages.
template <class Stream, class... Stages>
struct stream_after {
    using type = Stream;
};
template <class Stream, class First, class... Rest>
struct stream_after<Stream, First, Rest...> {
    using type = typename stream_after<typename step<First, Stream>::output, Rest...>::type;
};

template <class Stream, class Branch>
consteval void require_branch() {
    if constexpr (requires { typename Branch::is_chain; }) {
        Branch::template require_all<Stream, step>();
    } else {
        step<Branch, Stream>::require();
    }
}

template <class First, class Second, class E, class K, class W>
struct step<tee_stage<First, Second>, stream<E, K, W>> {
    static consteval void require() {
        require_branch<stream<E, K, W>, First>();
        require_branch<stream<E, K, W>, Second>();
    }
    using output = ended;
    static output apply(const tee_stage<First, Second>&, const stream<E, K, W>&) { return {}; }
};

template <class Stage>
struct step<Stage, ended> {
    static consteval void require() {
        static_assert(!pipeline_stage<Stage>,
                      "tee needs: to be the last stage; put what follows into its branches "
                      "(see millrace/operators/tee.hpp)");
    }
    using output = ended;
};

}  // namespace millrace::detail
