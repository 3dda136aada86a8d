#pragma once

#include <span>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/authorize.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/publish/detail/paths.hpp>
#include <millrace/publish/topic_sink.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// A path that streams topics and takes no messages: one is answered by close 1003. `?key=VALUE`
/// asks for one key's records only, of the topics that it is a key of; 400 where there is none.
class topic_route : public route {
public:
    explicit topic_route(topic_list topics) : topics_{std::move(topics)} {}

    [[nodiscard]] verdict admit(const connection& who) override;

    [[nodiscard]] verdict admit_post(const connection&) override {
        return {errc::method_not_allowed, "a topic is followed, not sent to"};
    }

    void on_open(connection& from) override;

    void on_message(connection& from, websocket::opcode, std::span<char>) override {
        from.close(websocket::close_code::unsupported_data, "this path takes no messages");
    }

private:
    [[nodiscard]] std::vector<followed_topic> asked_for(const connection& who) const {
        return followed_topics(topics_, who.query("key"));
    }

    topic_list topics_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/topic_route.ipp>
#endif
