#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/codec/codec.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/error_reply.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/endpoint/route.hpp>
#include <millrace/endpoint/topic.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace {

/// A path that streams topics and takes no messages: one is answered by close 1003. `?key=VALUE`
/// asks for one key's records only.
class topic_route : public route {
public:
    using permission = decltype(serve_options::may_follow);

    explicit topic_route(std::vector<std::shared_ptr<topic>> topics, permission may_follow = {})
        : topics_{std::move(topics)}, may_follow_{std::move(may_follow)} {}

    [[nodiscard]] std::error_code admit(const connection& who) override {
        const auto key = who.query("key");
        const bool is_allowed =
            !may_follow_ || std::all_of(topics_.begin(), topics_.end(), [&](const auto& each) {
                return may_follow_(who, each->name(), key);
            });
        return is_allowed ? std::error_code{} : make_error_code(errc::forbidden);
    }

    void on_open(connection& from) override {
        const auto key = from.query("key");
        for (const auto& each : topics_) from.follow(*each, key);
    }

    void on_message(connection& from, websocket::opcode, std::span<char>) override {
        from.close(websocket::close_code::unsupported_data, "this path takes no messages");
    }

private:
    std::vector<std::shared_ptr<topic>> topics_;
    permission may_follow_;
};

/// A path that takes a pipeline's events as text messages, and may stream topics as well. A binary
/// message is answered by close 1003, a refused event by `append_error_reply`.
///
/// `Running` is a running pipeline, whose route must not be used once it is gone.
template <class Running>
class input_route final : public topic_route {
public:
    explicit input_route(Running& pipeline, std::vector<std::shared_ptr<topic>> topics = {},
                         permission may_follow = {})
        : topic_route{std::move(topics), std::move(may_follow)}, pipeline_{pipeline} {}

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        if (op != websocket::opcode::text) {
            from.close(websocket::close_code::unsupported_data, "events are text messages");
            return;
        }
        std::size_t replies_left = from.options().max_errors_per_message;
        pipeline_.receive(payload, [&](const input_error& error) {
            if (replies_left == 0) return;
            --replies_left;
            from.reply([&](std::string& out) { append_error_reply(out, error); });
        });
    }

private:
    Running& pipeline_;
};

}  // namespace millrace
