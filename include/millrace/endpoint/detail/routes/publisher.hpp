#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/json.hpp>
#include <millrace/codec/text.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/http/history.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/topic.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/storage/row.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// What one pipeline publishes: its topics, and the storages of some.
struct publication {
    /// An input as `may` is asked about it, and the paths that take its events.
    struct input {
        std::string name;
        std::vector<std::string> paths;
    };
    struct stored {
        std::string topic;
        std::unique_ptr<history> records;
    };

    std::vector<input> inputs{};
    std::vector<std::shared_ptr<topic>> topics{};
    std::vector<stored> histories{};
};

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

/// What each topic does with a slow follower.
struct topic_policies {
    overflow_policy otherwise = overflow_policy::drop_oldest;
    std::map<std::string, overflow_policy, std::less<>> own{};

    [[nodiscard]] overflow_policy of(std::string_view topic) const;
};

/// @throws std::invalid_argument when `when_full` or `duplex_topics` name no topic of it,
/// and for `duplex_topics` without a `duplex_path`.
void require_topics(const publication& of, const serve_options& options);

/// Publishes records to a topic: each is encoded once, as a JSON object in a text frame that all
/// subscribers share, and only if there is one.
template <class Record, class KeyBy>
class channel {
public:
    channel(std::shared_ptr<topic> to, websocket::frame_pool& frames, KeyBy key)
        : topic_{std::move(to)}, frames_{frames}, encoder_{key.name}, key_{std::move(key)} {}

    void operator()(const Record& record) {
        if (topic_ == nullptr) return;
        topic_->publish(
            [&] {
                return frames_.make_with(websocket::opcode::text,
                                         [&](std::string& out) { encoder_.encode(record, out); });
            },
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
    websocket::frame_pool& frames_;
    json::encoder<Record> encoder_;
    KeyBy key_;
};

/// The sink of a pipeline that an endpoint serves (see millrace/pipeline/sink.hpp). It tells
/// `listing` what the pipeline publishes while it starts.
class publisher {
public:
    publisher(std::shared_ptr<loop> loop, std::shared_ptr<publication> listing,
              topic_policies policies)
        : loop_{std::move(loop)}, listing_{std::move(listing)}, policies_{std::move(policies)} {}

    template <class Record, class KeyBy>
    [[nodiscard]] channel<Record, KeyBy> open(std::string_view name, const KeyBy& key) {
        if (name.empty()) return {nullptr, loop_->frames, key};
        for (const auto& known : listing_->topics)
            if (known->name() == name) return {known, loop_->frames, key};
        listing_->topics.push_back(std::make_shared<topic>(std::string{name}, std::string{key.name},
                                                           policies_.of(name),
                                                           &canonical_key<key_in<Record, KeyBy>>));
        return {listing_->topics.back(), loop_->frames, key};
    }

    template <class Record, class Storage>
    void history(std::string_view name, std::string_view key_name, Storage& storage) {
        if constexpr (requires { storage.log_to(loop_->log); }) {
            if (loop_->log) storage.log_to(loop_->log);
        }
        listing_->histories.push_back(
            {std::string{name},
             std::make_unique<storage_history<Record, Storage>>(loop_->io, key_name, storage)});
    }

private:
    std::shared_ptr<loop> loop_;
    std::shared_ptr<publication> listing_;
    topic_policies policies_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/publisher.ipp>
#endif
