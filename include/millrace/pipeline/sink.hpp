#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/operators/key_by.hpp>

namespace millrace {

/// Where a pipeline publishes to. `open<Record>(topic, key)` gives a channel, a function object
/// `channel(const Record&)`; the topic is empty at the end of a pipeline that does not `publish`.
/// `key` is the stream's: `unkeyed`, or a `key_by_stage` with `name` and a `projection` that gives
/// a record's key. A sink may also have `history<Record>(topic, key_name, storage)`, which is told
/// of each topic's storage. The sink and what it opened live as long as the pipeline.
template <class S>
concept publish_sink = requires(S& sink, std::string_view name, const unkeyed& key) {
    sink.template open<record<no_key, named_value<"value", double>>>(name, key);
};

namespace detail {

/// A user's `f(record)` or `f(topic, record)`; records that it does not take pass unseen, as long
/// as it takes some.
template <class Function>
class callable_sink {
public:
    explicit callable_sink(Function function) : function_{std::move(function)} {}

    template <class Record, class KeyBy>
    [[nodiscard]] auto open(std::string_view topic, const KeyBy&) {
        return [this, name = std::string{topic}](const Record& row) {
            if constexpr (std::invocable<Function&, std::string_view, const Record&>) {
                function_(std::string_view{name}, row);
            } else if constexpr (std::invocable<Function&, const Record&>) {
                function_(row);
            } else {
                static_cast<void>(this);  // clang wants each capture used
            }
        };
    }

private:
    Function function_;
};

struct ignore_records {
    template <class Record>
    void operator()(const Record&) const noexcept {}
};

}  // namespace detail

}  // namespace millrace
