#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/error.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/node.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// Passes on events whose key is short enough, and counts the others.
template <class KeyBy, class Next>
struct key_limit_node : forwarding_node<Next> {
    KeyBy key;
    std::uint64_t refused = 0;

    key_limit_node(KeyBy by, Next n) : forwarding_node<Next>{std::move(n)}, key{std::move(by)} {}

    template <class Event>
    void push(const Event& event) {
        if (key.takes(event)) [[likely]] {
            this->next.push(event);
        } else {
            ++refused;
        }
    }
    void collect(pipeline_stats& stats) const {
        stats.refused_keys += refused;
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(refused, this->next);
    }
};

template <class Stage>
inline constexpr bool is_key_by = false;
template <class Projection>
inline constexpr bool is_key_by<key_by_stage<Projection>> = true;

template <class Stage>
inline constexpr bool passes_all = std::is_same_v<Stage, publish_stage>;
template <class Window, class Late, bool PerKey>
inline constexpr bool passes_all<windowing<Window, Late, PerKey>> = true;

/// The `key_by` stages that every event reaches as it came.
template <std::size_t At = 0, class... Stages>
[[nodiscard]] auto leading_keys([[maybe_unused]] const std::tuple<Stages...>& stages) {
    if constexpr (At < sizeof...(Stages)) {
        using stage = std::tuple_element_t<At, std::tuple<Stages...>>;
        if constexpr (is_key_by<stage>) {
            return std::tuple_cat(std::tuple<stage>{std::get<At>(stages)},
                                  leading_keys<At + 1>(stages));
        } else if constexpr (passes_all<stage>) {
            return leading_keys<At + 1>(stages);
        } else {
            return std::tuple<>{};
        }
    } else {
        return std::tuple<>{};
    }
}

/// Says of an event, before it is pushed, whether its keys are short enough.
template <class Keys>
struct key_check {
    Keys keys;

    template <class Event>
    [[nodiscard]] bool operator()(const Event& event) const {
        return std::apply([&](const auto&... each) { return (each.takes(event) && ...); }, keys);
    }
};

/// Decodes a message, and calls `take(event)` for each event that `check` says yes to; for each
/// other `reject()` and then `on_error(const input_error&)`.
template <class Decoder, class Check, class Take, class Reject, class OnError>
void decode_checked(Decoder& decoder, const Check& check, std::span<char> message, Take&& take,
                    Reject&& reject, OnError&& on_error) {
    decoder.decode(
        message,
        [&](const auto& one) {
            if (!check(one)) {
                reject();
                return errc::key_too_long;
            }
            take(one);
            return errc{};
        },
        [&](const input_error& error) {
            if (error.code != errc::key_too_long) reject();
            on_error(error);
        });
}

}  // namespace millrace::detail
