#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/json.hpp>
#include <millrace/codec/text.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/topic.hpp>
#include <millrace/storage/row.hpp>

namespace millrace {

namespace detail {

template <class Record, class KeyBy>
struct key_in_record {
    using type = key_of<KeyBy, Record>;
};
template <class Record>
requires has_role<Record, field_role::key>
struct key_in_record<Record, unkeyed> {
    using type = row_key<Record>;
};

/// The type of the key by which a record is followed: the stream's, else that of the record's own
/// field of that role.
template <class Record, class KeyBy>
using key_in = typename key_in_record<Record, KeyBy>::type;

/// Publishes records to a topic: each is encoded once for all subscribers, as a JSON object, and
/// only if there is one.
template <class Record, class KeyBy>
class channel {
public:
    channel(std::shared_ptr<topic> to, KeyBy key)
        : topic_{std::move(to)}, encoder_{key.name}, key_{std::move(key)} {}

    void operator()(const Record& record) {
        if (topic_ == nullptr) return;
        topic_->publish([&](std::string& out) { encoder_.encode(record, out); },
                        [&](std::string& out) { append_key(out, record); });
    }

private:
    void append_key(std::string& out, const Record& record) const {
        if constexpr (std::same_as<KeyBy, unkeyed>) {
            key_text(record, out);
        } else {
            append_key_text(out, project(key_.projection, record));
        }
    }

    std::shared_ptr<topic> topic_;  ///< null where the pipeline's end is not published
    json::encoder<Record> encoder_;
    KeyBy key_;
};

}  // namespace detail

using topic_list = std::vector<std::shared_ptr<topic>>;

/// A pipeline's sink (see millrace/pipeline/sink.hpp) with a topic for each name that it publishes
/// to. The topics are made while the pipeline starts, and belong to its thread.
class topic_sink {
public:
    topic_sink(std::shared_ptr<topic_list> topics, topic_policies policies)
        : topics_{std::move(topics)}, policies_{std::move(policies)} {}

    template <class Record, class KeyBy>
    [[nodiscard]] detail::channel<Record, KeyBy> open(std::string_view name, const KeyBy& key) {
        if (name.empty()) return {nullptr, key};
        for (const auto& known : *topics_)
            if (known->name() == name) return {known, key};
        topics_->push_back(std::make_shared<topic>(std::string{name}, std::string{key.name},
                                                   policies_.of(name),
                                                   &canonical_key<detail::key_in<Record, KeyBy>>));
        return {topics_->back(), key};
    }

private:
    std::shared_ptr<topic_list> topics_;
    topic_policies policies_;
};

}  // namespace millrace
