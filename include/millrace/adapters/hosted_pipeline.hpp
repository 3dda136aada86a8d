#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/adapters/detail/pipeline_host.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/journal/journal.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/publish/topic_sink.hpp>

namespace millrace {

/// Where a hosted pipeline runs: one thread, or what makes one of several, such as a strand.
/// `dispatch(executor, f)`, found by the executor's namespace, calls `f()` there, in the order of
/// the calls, at once where this is there; `running_in_this_thread()` says whether it is. Asio's
/// and Boost.Asio's executors and strands of an `io_context` are such: that of an io_context which
/// several threads run is none, a strand of it is.
template <class E>
concept pipeline_executor = requires(const E& executor, std::function<void()> f) {
    dispatch(executor, std::move(f));
    { executor.running_in_this_thread() } -> std::convertible_to<bool>;
};

namespace detail {

template <class Pipeline, class Executor, class Clock, class Journal>
class typed_host final : public pipeline_host {
public:
    typed_host(Pipeline description, Executor executor, hosted_options settings, Clock clock,
               Journal keep_in)
        : pipeline_host{std::move(settings)},
          executor_{std::move(executor)},
          running_{start(std::move(description), topic_sink{made_topics(), options().when_full},
                         std::move(clock), std::move(keep_in))} {
        std::vector<std::string> inputs;
        for_each_source([&](auto& each) { inputs.emplace_back(each.input()); });
        make_paths(inputs);
    }

    [[nodiscard]] bool is_here() const noexcept override {
        return executor_.running_in_this_thread();
    }

    void post(std::function<void()> job) override { dispatch(executor_, std::move(job)); }

    void receive(std::size_t input, std::span<char> message, const error_handler& on_error,
                 std::uint64_t producer) override {
        with_source(input, [&](auto& each) { each.receive(message, on_error, producer); });
    }

    void leave(std::size_t input, std::uint64_t producer) override {
        with_source(input, [&](auto& each) {
            if constexpr (requires { requires std::decay_t<decltype(each)>::has_producers; })
                each.leave(producer);
        });
    }

    [[nodiscard]] auto& running() { return *running_; }

    /// Behind `end`, which lets nothing more come to it.
    void drop_pipeline() { running_.reset(); }

private:
    template <class Function>
    void for_each_source(Function&& f) {
        std::apply([&](auto&... each) { (f(each), ...); }, sources_);
    }

    template <class Function>
    void with_source(std::size_t number, Function&& f) {
        std::size_t at = 0;
        for_each_source([&](auto& each) {
            if (at++ == number) f(each);
        });
    }

    using running_type = decltype(start(std::declval<Pipeline>(), std::declval<topic_sink>(),
                                        std::declval<Clock>(), std::declval<Journal>()));

    Executor executor_;
    std::optional<running_type> running_;
    decltype(std::declval<running_type&>().sources()) sources_{running_->sources()};
};

}  // namespace detail

/// A pipeline in a service that has a WebSocket server already. Connections of that server are
/// given to it by `adopt`: see the header that bears the server's name, and `foreign_connection`
/// for others. As on an endpoint, "/NAME" of each `from` takes events, "/TOPIC" of each `publish`
/// streams records as JSON, "?key=K" those of one key, and `duplex_path` does both.
///
///     mr::hosted_pipeline streams{std::move(bars), sockets.get_io_service().get_executor()};
///
/// It must be made, used and destroyed in the executor's thread, or while that does not run; only
/// `knows` may be called from any. Connections may outlive it: they are open, and nothing comes.
///
/// An answer to `async_enrich` goes on with the next event or `tick`, and while all of `in_flight`
/// wait, so does the executor's thread: give it room for them.
/// @tparam Executor see `pipeline_executor`
/// @tparam Journal where the input is kept: see `record_to`, and `running().recording_error()`
template <class Pipeline, pipeline_executor Executor, clock Clock = system_clock,
          journal Journal = null_journal>
class hosted_pipeline {
    using host_type = detail::typed_host<Pipeline, Executor, Clock, Journal>;

public:
    /// @throws std::invalid_argument for names that make no path, a path that is there twice, or
    /// limits of 0; std::system_error when a storage does not open
    hosted_pipeline(Pipeline description, Executor executor, hosted_options options = {},
                    Clock time = {}, Journal keep_in = {})
        : host_{std::make_shared<host_type>(std::move(description), std::move(executor),
                                            std::move(options), std::move(time),
                                            std::move(keep_in))} {}
    hosted_pipeline(const hosted_pipeline&) = delete;
    hosted_pipeline& operator=(const hosted_pipeline&) = delete;
    ~hosted_pipeline() {
        host_->end();
        host_->drop_pipeline();
    }

    /// Whether a request's target, such as "/bars?key=ACME", is of this pipeline: for the server's
    /// check before the upgrade.
    [[nodiscard]] bool knows(std::string_view target) const {
        return host_->find(target).has_value();
    }

    /// Lets time pass where no input comes: see `running_pipeline::tick`. To be called some times a
    /// second, by a timer of the service. What a stage throws is told to the log and counted.
    void tick() {
        host_->contain([this] { host_->running().tick(); });
    }

    /// Closes every window and makes storages durable; what comes of it is on its way to the
    /// followers when it returns. @return see `running_pipeline::finish`
    std::error_code finish() { return host_->running().finish(); }

    /// Closes its connections by 1001, behind what waits for them.
    void close_connections() { host_->end_connections(1001, "server stops"); }

    /// The pipeline itself, for `push`, `stats` and what else it has.
    [[nodiscard]] auto& running() noexcept { return host_->running(); }

    [[nodiscard]] const hosted_stats& stats() const noexcept { return host_->stats(); }

    /// For `foreign_connection`.
    [[nodiscard]] std::shared_ptr<detail::pipeline_host> host() const noexcept { return host_; }

private:
    std::shared_ptr<host_type> host_;
};

}  // namespace millrace
