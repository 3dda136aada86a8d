#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <millrace/codec/codec.hpp>
#include <millrace/core/detail/counter.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/log.hpp>
#include <millrace/http/request_target.hpp>
#include <millrace/publish/detail/paths.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/topic_sink.hpp>

namespace millrace {

/// Settings of a pipeline behind a server that is not millrace's.
struct hosted_options {
    /// A path, such as "/ws", that takes the events of the pipeline's one input and streams all its
    /// topics; none if empty.
    std::string duplex_path{};
    /// What each topic does with a slow follower.
    topic_policies when_full{};
    /// What waits to be sent to one connection before the server is given it, each message counted
    /// with 64 bytes on top; beyond: `when_full`. It is to hold what the pipeline publishes in one
    /// go, such as a window's records of all keys. A follower for which more than a quarter waits
    /// is congested, until no more than a sixteenth does.
    std::size_t outbox_bytes = 1024 * 1024;
    /// While the server's own buffer of a connection holds more, it is given nothing: of what is in
    /// it nothing is dropped any more.
    std::size_t server_buffer_bytes = 64 * 1024;
    /// What one connection has sent that waits for the pipeline's thread; beyond, the connection is
    /// not read until half of it is taken.
    std::size_t inbox_bytes = 256 * 1024;
    /// A message with more bad events than this gets no more error replies.
    std::size_t max_errors_per_message = 16;
    /// Gets what an operator needs to know: failures, slow followers.
    log_hook log{};
};

/// What went on at a hosted pipeline; each may be read from any thread.
struct hosted_stats {
    detail::counter connections;  ///< open now
    detail::counter dropped;      ///< not sent, for a follower is too slow or ended by an error
    detail::counter unsent;       ///< waited here for a follower that went
    detail::counter slow_disconnects;  ///< followers closed for being so
    detail::counter handler_errors;    ///< what stages and sinks threw
};

namespace detail {

/// A connection that follows or sends.
class hosted_connection : public subscriber {
public:
    /// In the pipeline's thread: ends what it follows.
    virtual void unfollow() noexcept = 0;

    /// In the pipeline's thread: sends a close frame behind what waits, and nothing more. The
    /// reason is a literal.
    virtual void end(std::uint16_t code, std::string_view reason) = 0;
};

/// A pipeline as connections of other servers see it, whatever its type. `find` and `post` may be
/// called from any thread, all else in the pipeline's.
class pipeline_host {
public:
    using error_handler = std::function<void(const input_error&)>;

    /// What a connection is for.
    struct place {
        std::optional<std::size_t> input{};
        std::vector<followed_topic> followed{};
    };

    explicit pipeline_host(hosted_options settings) : options_{std::move(settings)} {
        require_positive("outbox_bytes", options_.outbox_bytes, "hosted_options");
        require_positive("server_buffer_bytes", options_.server_buffer_bytes, "hosted_options");
        require_positive("inbox_bytes", options_.inbox_bytes, "hosted_options");
    }
    pipeline_host(const pipeline_host&) = delete;
    pipeline_host& operator=(const pipeline_host&) = delete;
    virtual ~pipeline_host() = default;

    [[nodiscard]] virtual bool is_here() const noexcept = 0;
    virtual void post(std::function<void()> job) = 0;

    /// The place of a target, such as "/bars?key=ACME"; none where it is not the pipeline's.
    [[nodiscard]] std::optional<place> find(std::string_view target) const {
        const auto parsed = http::request_target::parse(target);
        if (!parsed || parsed->query_count("key") > 1) return std::nullopt;
        for (const auto& each : paths_) {
            if (each.path != parsed->path()) continue;
            auto followed = followed_topics(each.topics, parsed->query("key"));
            if (followed.empty() && !each.topics.empty()) return std::nullopt;
            return place{each.input, std::move(followed)};
        }
        return std::nullopt;
    }

    virtual void receive(std::size_t input, std::span<char> message, const error_handler& on_error,
                         std::uint64_t producer) = 0;
    virtual void leave(std::size_t input, std::uint64_t producer) = 0;

    void enter(const std::shared_ptr<hosted_connection>& one) {
        open_.emplace(one.get(), one);
        stats_.connections = open_.size();
    }
    void forget(hosted_connection& one) {
        open_.erase(&one);
        stats_.connections = open_.size();
    }

    void end_connections(std::uint16_t code, std::string_view reason) {
        for (const auto& each : open_) each.second->end(code, reason);
    }

    /// Nobody follows any more, and nothing is taken.
    void end() noexcept {
        is_ended_ = true;
        for (const auto& each : open_) each.second->unfollow();
        open_.clear();
    }
    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }

    /// Calls `f()`. What it throws is counted and told; false then.
    template <class Function>
    bool contain(Function&& f, std::uint64_t connection = 0) noexcept {
        try {
            f();
            return true;
        } catch (const std::exception& e) {
            on_handler_error(connection, e.what());
        } catch (...) {
            on_handler_error(connection, "what it threw is no std::exception");
        }
        return false;
    }

    void tell(log_severity level, log_event what, std::uint64_t connection,
              std::string_view message) noexcept {
        if (!options_.log) return;
        try {
            options_.log({level, what, connection, message});
        } catch (...) {
            ++stats_.handler_errors;
        }
    }

    [[nodiscard]] const hosted_options& options() const noexcept { return options_; }
    [[nodiscard]] hosted_stats& stats() noexcept { return stats_; }

    /// From any thread.
    [[nodiscard]] std::uint64_t next_id() noexcept { return ++last_id_; }

protected:
    [[nodiscard]] const std::shared_ptr<topic_list>& made_topics() const noexcept {
        return topics_;
    }

    /// Once the topics are made. @throws std::invalid_argument
    void make_paths(const std::vector<std::string>& inputs) {
        paths_ = paths_of(inputs, *topics_, {options_.duplex_path});
        require_topics(*topics_, options_.when_full);
    }

private:
    void on_handler_error(std::uint64_t connection, std::string_view what) noexcept {
        ++stats_.handler_errors;
        tell(log_severity::error, log_event::handler_failed, connection, what);
    }

    hosted_options options_;
    std::shared_ptr<topic_list> topics_ = std::make_shared<topic_list>();
    std::vector<path_use> paths_;
    std::unordered_map<hosted_connection*, std::shared_ptr<hosted_connection>> open_;
    hosted_stats stats_;
    std::atomic<std::uint64_t> last_id_{0};
    bool is_ended_ = false;
};

}  // namespace detail

}  // namespace millrace
