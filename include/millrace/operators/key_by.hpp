#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>

namespace millrace {

namespace detail {

/// Passes on events whose key is short enough, and counts the others.
template <class KeyBy, class Next>
struct key_limit_node : forwarding_node<Next> {
    KeyBy key;
    std::uint64_t refused = 0;

    key_limit_node(KeyBy by, Next n) : forwarding_node<Next>{std::move(n)}, key{std::move(by)} {}

    template <class Event>
    void push(const Event& event, event_stamp at) {
        if (key.takes(event)) [[likely]] {
            this->next.push(event, at);
        } else {
            ++refused;
        }
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        const bool was = key.takes(before), is = key.takes(after);
        if (!is) ++refused;
        if (was && is) {
            this->next.update(before, after, at);
        } else if (was) {
            this->next.remove(marked(before, change::remove), at);
        } else if (is) {
            this->next.push(marked(after, change::insert), at);
        }
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        if (key.takes(gone)) this->next.remove(gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        if (key.takes(row)) this->next.preview(row, at);
    }
    template <class Stats>
    void collect(Stats& stats) const {
        stats.refused_keys += refused;
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(refused, this->next);
    }
};

}  // namespace detail

template <class Projection>
struct key_by_stage : stage {
    static constexpr std::string_view stage_name = "key_by";
    using is_one_to_one = void;
    using takes_updates = void;

    Projection projection;
    std::string name;
    std::size_t max_bytes;

    /// @throws std::invalid_argument for a limit of 0
    key_by_stage(std::string_view key_name, Projection key, max_key_bytes limit = {})
        : projection{std::move(key)}, name{key_name}, max_bytes{limit.value} {
        if (max_bytes == 0) throw std::invalid_argument{"key_by: max_key_bytes must not be 0"};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("key", name);
        to.projection("by", projection, name);
        to.tunable("max_key_bytes", max_bytes);
    }

    /// Whether keys have a size that is limited.
    template <class Event>
    static constexpr bool is_limited = text<std::remove_cvref_t<projected<Projection, Event>>>;

    /// Whether the event's key is short enough.
    template <class Event>
    [[nodiscard]] bool takes(const Event& event) const {
        if constexpr (is_limited<Event>) {
            return project(projection, event).size() <= max_bytes;
        } else {
            return true;
        }
    }

    template <class Stream>
    static consteval void require() {
        static_assert(
            requires(const Projection& key, const typename Stream::event_type& event) {
                requires key_value<std::remove_cvref_t<decltype(project(key, event))>>;
            },
            "key_by needs: a member or function of the stream's event that gives a string, an "
            "integer or an enumeration with a schema (see millrace/operators/key_by.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        return in.keyed_by(*this);
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream&, Next next) const {
        if constexpr (is_limited<typename Stream::event_type>) {
            return detail::key_limit_node<key_by_stage, Next>{*this, std::move(next)};
        } else {
            return next;
        }
    }
};

namespace detail {

/// What the schema calls the field that `member` points to; "key" where it names none.
template <class Owner, class Value>
std::string_view name_of_member(Value Owner::*member) {
    std::string_view name = "key";
    if constexpr (described<Owner>) {
        schema<Owner>.for_each([&](const auto& each) {
            if constexpr (requires { each.member == member; }) {
                if (each.member == member) name = each.name;
            }
        });
    }
    return name;
}

}  // namespace detail

/// Partitions the stream: what follows runs for each value of the member on its own. Results
/// carry the key under the name that the schema gives the member; where that is the name of another
/// field of theirs (start, end, revision, ...), give another: starting would throw.
template <class Owner, class Value>
[[nodiscard]] auto key_by(Value Owner::*member, max_key_bytes limit = {}) {
    return key_by_stage<Value Owner::*>{detail::name_of_member(member), member, limit};
}

/// Partitions the stream by `key(event)`; results carry it under `name`.
template <class Projection>
[[nodiscard]] auto key_by(std::string_view name, Projection key, max_key_bytes limit = {}) {
    return key_by_stage<Projection>{name, std::move(key), limit};
}

}  // namespace millrace
