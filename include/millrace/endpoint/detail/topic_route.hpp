#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/codec.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/error_reply.hpp>
#include <millrace/endpoint/detail/route.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/topic.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

using topic_list = std::vector<std::shared_ptr<topic>>;

/// A path that streams topics and takes no messages: one is answered by close 1003. `?key=VALUE`
/// asks for one key's records only, of the topics that it is a key of; 400 where there is none.
class topic_route : public route {
public:
    using permission = decltype(serve_options::may_follow);

    explicit topic_route(topic_list topics, permission may_follow = {})
        : topics_{std::move(topics)}, may_follow_{std::move(may_follow)} {}

    [[nodiscard]] std::error_code admit(const connection& who) override {
        bool is_allowed = true, is_key = topics_.empty();
        for_each_followed(who, [&](topic& each, std::optional<std::string> key) {
            is_key = true;
            is_allowed = is_allowed && (!may_follow_ || may_follow_(who, each.name(), key));
        });
        if (!is_key) return errc::bad_request;
        return is_allowed ? std::error_code{} : make_error_code(errc::forbidden);
    }

    void on_open(connection& from) override {
        for_each_followed(from, [&](topic& each, std::optional<std::string> key) {
            from.follow(each, std::move(key));
        });
    }

    void on_message(connection& from, websocket::opcode, std::span<char>) override {
        from.close(websocket::close_code::unsupported_data, "this path takes no messages");
    }

private:
    /// Calls `f(topic, key)`, the key in its canonical form, for each topic that it is a key of.
    template <class F>
    void for_each_followed(const connection& who, F&& f) {
        const auto written = who.query("key");
        for (const auto& each : topics_) {
            auto key = written ? each->canonical_key(*written) : std::nullopt;
            if (key || !written) f(*each, std::move(key));
        }
    }

    topic_list topics_;
    permission may_follow_;
};

/// Gives a text message to `take(payload, on_error)`. A binary message is answered by close 1003, a
/// refused event by `append_error_reply`.
template <class Take>
void receive_events(connection& from, websocket::opcode op, std::span<char> payload, Take&& take) {
    if (op != websocket::opcode::text) {
        from.close(websocket::close_code::unsupported_data, "events are text messages");
        return;
    }
    std::size_t replies_left = from.options().max_errors_per_message;
    take(payload, [&](const input_error& error) {
        // The last one, which says how much is lost, is always told.
        if (replies_left == 0 && error.unread_bytes == 0) return;
        if (replies_left != 0) --replies_left;
        from.reply([&](std::string& out) { append_error_reply(out, error); });
    });
}

/// A path that takes a pipeline's events, see `receive_events`, and may stream topics as well.
///
/// `Running` is a running pipeline, whose route must not be used once it is gone.
template <class Running>
class input_route final : public topic_route {
public:
    explicit input_route(Running& pipeline, topic_list topics = {}, permission may_follow = {})
        : topic_route{std::move(topics), std::move(may_follow)}, pipeline_{pipeline} {}

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        receive_events(from, op, payload, [&](std::span<char> message, auto&& on_error) {
            pipeline_.receive(message, on_error);
        });
    }

private:
    Running& pipeline_;
};

}  // namespace millrace::detail
