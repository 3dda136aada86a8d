#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/analyzers/sum.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/bearer_token.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif

#include "reading.hpp"

namespace {

/// Who sends has a number and counts: its events' values are 1, 2, 3 and so on.
constexpr std::size_t max_numbers = 8;
/// The value at which an operator throws.
constexpr std::uint64_t poison = 1'000'000'000;

std::string name_of(std::size_t number) {
    return "sensor " + std::to_string(number) + " with a name of some length";
}

/// The number in what `name_of` made.
std::size_t number_in(std::string_view name) { return static_cast<std::size_t>(name.at(7) - '0'); }

enum class guarded { by_nobody, by_origin, by_bearer, later };
enum class compressed { never, each_alone, with_context };
enum class ending { when_settled, stop_early, drain_early, stop_twice, abandon };
enum class shown { in_header, in_query, in_message };

/// Tokens, each of which is its principal's name.
constexpr std::string_view trusted = "trusted", limited = "limited", unknown = "unknown";

struct credentials {
    std::string_view token;
    shown by;

    [[nodiscard]] std::string query() const {
        return by == shown::in_query ? "?token=" + std::string{token} : "?";
    }
    [[nodiscard]] std::string header() const {
        return by == shown::in_header ? "Authorization: Bearer " + std::string{token} + "\r\n" : "";
    }
    [[nodiscard]] std::string message() const {
        return R"({"token":")" + std::string{token} + R"("})";
    }
};

/// What "limited" may do; all others may do everything.
struct rule {
    bool is_there = false;
    bool lets_send = true;
    bool lets_read = true;
    std::optional<std::size_t> hidden{};  ///< one key of the topic

    [[nodiscard]] bool may(millrace::endpoint_action what, std::optional<std::size_t> key,
                           std::string_view who) const {
        if (!is_there || who != limited) return true;
        if (what == millrace::endpoint_action::send) return lets_send;
        if (what == millrace::endpoint_action::read && !lets_read) return false;
        return !hidden || (key && key != hidden);
    }
};

/// What is drawn for one round.
struct plan {
    explicit plan(std::uint64_t seed) : random{seed} {
        loops = 1 + below(3);
        has_duplex = below(3) != 0;
        has_two_inputs = !has_duplex && below(3) != 0;
        event_cost = std::chrono::microseconds{std::array{0, 2, 20, 60}[below(4)]};
        hangs = below(3) == 0;
        guard = static_cast<guarded>(below(4));
        takes_token_messages = below(3) != 0;
        compression = static_cast<compressed>(below(3));
        policy = static_cast<millrace::overflow_policy>(below(3));
        keeps_pace = below(hangs ? 4 : 2) == 0;
        end = below(2) == 0 ? ending::when_settled : static_cast<ending>(below(5));
        senders = 1 + below(5);
        posters = below(4);
        readers = below(3);
        events = hangs && !keeps_pace ? 3000 : 200 + below(keeps_pace ? 600 : 1500);
        if (hangs && !keeps_pace && below(2) == 0) fill_queues();
        slow_events = hangs ? 1500 : events * max_numbers;
        slow_followers = below(3);
        followers = 1 + below(3);
        has_memory = below(4) != 0;
        history_capacity = below(3) == 0 ? 1 + below(500) : 50'000;
        history_rows_per_client = below(2) == 0 ? 100 : 50'000;
        may = {.is_there = below(3) != 0, .lets_send = below(2) == 0, .lets_read = below(3) != 0};
        if (below(2) == 0) may.hidden = below(numbers());
        has_windows = guard != guarded::later && !has_two_inputs && below(2) == 0;
        has_disorder = has_windows && below(3) != 0;
        if (has_disorder) readers = 0;  // who expect rows in the order of sending
        window_unit = std::chrono::milliseconds{5 + below(below(2) == 0 ? 20 : 500)};
        slides_per_window = 1 + below(5);
        window_events = static_cast<std::uint32_t>(1 + below(20));
        section_loops = 1 + below(3);
    }

    /// So that those who are late find no room.
    void fill_queues() {
        sends_singly = true;
        senders = 4 + below(2);
        loops = 2 + below(2);
        event_cost = std::chrono::microseconds{60};
        if (below(2) == 0) guard = guarded::later;
    }

    std::size_t below(std::size_t n) { return random() % n; }

    [[nodiscard]] std::size_t numbers() const { return senders + posters; }
    /// Where the events of a number are sent.
    [[nodiscard]] std::string input_of(std::size_t number) const {
        return has_two_inputs && number % 2 == 1 ? "others" : "readings";
    }
    [[nodiscard]] bool is_settled() const { return end == ending::when_settled; }
    [[nodiscard]] bool asks_for_tokens() const {
        return guard == guarded::by_bearer || guard == guarded::later;
    }

    [[nodiscard]] credentials draw_credentials(bool has_messages) {
        const bool is_in_messages = has_messages && takes_token_messages && asks_for_tokens();
        const auto token = below(8) == 0 ? unknown : below(3) == 0 ? limited : trusted;
        return {token, static_cast<shown>(below(is_in_messages ? 3 : 2))};
    }

    /// The status by which somebody is refused who asks for all of these, or 0.
    [[nodiscard]] int refusal(const credentials& who,
                              const std::vector<millrace::endpoint_action>& asked,
                              std::optional<std::size_t> key = {}) const {
        if (asks_for_tokens() && who.token == unknown) return 401;
        const bool is_allowed =
            std::ranges::all_of(asked, [&](auto what) { return may.may(what, key, who.token); });
        return is_allowed ? 0 : 403;
    }

    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        out << "loops " << loops << ", duplex " << has_duplex << ", two inputs " << has_two_inputs
            << ", event cost " << event_cost.count() << " us, hangs " << hangs << ", sends singly "
            << sends_singly << ", guard " << static_cast<int>(guard) << ", token messages "
            << takes_token_messages << ", compression " << static_cast<int>(compression)
            << ", policy " << static_cast<int>(policy) << ", keeps pace " << keeps_pace
            << ", ending " << static_cast<int>(end) << ", " << senders << " senders and " << posters
            << " posters of " << events << ", followers " << followers << ", slow "
            << slow_followers << ", readers " << readers << ", has memory " << has_memory
            << ", history of " << history_capacity << ", " << history_rows_per_client
            << " rows a client, rule " << may.is_there << ", lets send " << may.lets_send
            << ", read " << may.lets_read << ", hides "
            << (may.hidden ? static_cast<int>(*may.hidden) : -1) << ", windows " << has_windows
            << ", disorder " << has_disorder << ", of " << window_unit.count() << " ms, "
            << slides_per_window << " slides, " << window_events << " events, " << section_loops
            << " loops of a section";
        return out.str();
    }

    std::mt19937_64 random;
    std::size_t loops;
    bool has_duplex;
    bool has_two_inputs;                   ///< of one pipeline
    std::chrono::microseconds event_cost;  ///< of the first `slow_events` in all
    std::uint64_t slow_events;
    bool hangs;  ///< the pipeline does, until nothing more can be sent to it
    bool sends_singly =
        false;  ///< the next message when one has been read, so that each is a batch
    guarded guard;
    bool takes_token_messages;
    compressed compression;
    millrace::overflow_policy policy;
    bool keeps_pace;  ///< no sender is so far ahead that a follower who reads could be too slow
    ending end;
    std::size_t senders;   ///< over WebSocket; theirs are the first numbers
    std::size_t posters;   ///< over HTTP
    std::size_t readers;   ///< of the history
    std::uint64_t events;  ///< of each sender; a poster's are a quarter
    std::size_t slow_followers;
    std::size_t followers;
    bool has_memory;  ///< else connections are ended for what they hold
    std::size_t history_capacity;
    std::size_t history_rows_per_client;
    rule may;
    bool has_windows;   ///< of each kind, beside the sums
    bool has_disorder;  ///< of event times, of each sender
    std::chrono::milliseconds window_unit;
    std::size_t slides_per_window;
    std::uint32_t window_events;
    std::size_t section_loops;
};

class guard_at_once {
public:
    explicit guard_at_once(const plan& of) {
        if (of.guard == guarded::by_origin) guard_.emplace<millrace::origin_guard>();
        if (of.guard == guarded::by_bearer)
            guard_.emplace<millrace::bearer_guard>(
                std::vector<millrace::known_token>{{std::string{trusted}, std::string{trusted}},
                                                   {std::string{limited}, std::string{limited}}});
    }

    millrace::verdict admit(const millrace::http::request& request, std::string_view address) {
        auto said = std::visit(
            [&](auto& each) { return millrace::verdict{each.admit(request, address)}; }, guard_);
        if (said.principal.empty()) said.principal = millrace::bearer_token(request).value_or("");
        return said;
    }

private:
    std::variant<millrace::open_guard, millrace::origin_guard, millrace::bearer_guard> guard_;
};

/// Answers from a thread of its own; requests with a token and a parameter `held` once it may.
class guard_later {
public:
    explicit guard_later(const plan&) {}

    void admit(std::shared_ptr<const millrace::http::request> request, std::string,
               millrace::verdict_handler reply) {
        asio::post(
            asked_->io, [&asked = *asked_, request = std::move(request), reply = std::move(reply)] {
                const auto token = millrace::bearer_token(*request);
                const bool is_known = token == trusted || token == limited;
                auto said = is_known ? millrace::verdict::pass(*token)
                                     : millrace::verdict{millrace::errc::unauthorized, "who?"};
                if (!token || !request->query("held") || asked.is_released) return reply(said);
                asked.held.push_back([reply, said] { reply(said); });
                ++asked.held_count;
            });
    }

    /// So many wait, or waited.
    [[nodiscard]] std::size_t held() const { return asked_->held_count; }

    void release() {
        asio::post(asked_->io, [&asked = *asked_] {
            asked.is_released = true;
            for (const auto& each : std::exchange(asked.held, {})) each();
        });
    }

    /// Once all are answered.
    void join() {
        release();
        asked_->work.reset();
        asked_->thread.join();
    }

private:
    struct asked {
        std::vector<std::function<void()>> held{};  ///< the thread's, as is the next
        bool is_released = false;
        std::atomic<std::size_t> held_count = 0;
        asio::io_context io{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
        std::thread thread{[this] { io.run(); }};
    };

    std::shared_ptr<asked> asked_ = std::make_shared<asked>();
};

millrace::endpoint_options options_of(const plan& of) {
    millrace::endpoint_options options{.port = 0,
                                       .loops = of.loops,
                                       .outbox_bytes = 256 * 1024,
                                       .when_full = of.policy,
                                       .outbox_high_water = 192 * 1024,
                                       .outbox_low_water = 32 * 1024,
                                       .max_control_frames_per_second = 1'000'000,
                                       .max_history_rows_per_client = of.history_rows_per_client,
                                       .takes_token_messages = of.takes_token_messages,
                                       .handle_signals = false};
    if (!of.has_memory) options.max_memory_bytes = 512 * 1024;
    if (of.may.is_there)
        options.may = [may = of.may](millrace::endpoint_action what, std::string_view topic,
                                     const std::optional<std::string>& key, std::string_view who) {
            const bool is_sending = what == millrace::endpoint_action::send;
            return (is_sending ? topic == "readings" || topic == "others" : topic == "sums") &&
                   may.may(what, key ? std::optional{number_in(*key)} : std::nullopt, who);
        };
#ifdef MILLRACE_WITH_DEFLATE
    if (of.compression != compressed::never) {
        const bool is_alone = of.compression == compressed::each_alone;
        options.compression = std::make_shared<millrace::websocket::permessage_deflate>(
            millrace::websocket::deflate_options{.server_no_context_takeover = is_alone,
                                                 .client_no_context_takeover = is_alone});
    }
#endif
    return options;
}

/// What the pipeline took, by number. Only its own thread changes it.
struct taken {
    std::array<std::atomic<std::uint64_t>, max_numbers> last{};
    std::atomic<int> disordered = 0;
    std::atomic<bool> may_go_on = false;
    std::uint64_t count = 0;  ///< its own

    void go_on() {
        may_go_on = true;
        may_go_on.notify_all();
    }
};

/// What a source gives, or several, less what is poison.
auto counted(auto source, const plan& of, taken& to) {
    return std::move(source) | millrace::filter([cost = of.event_cost, slow_events = of.slow_events,
                                                 &to](const reading& r) {
               to.may_go_on.wait(false);
               if (r.value == poison) throw std::runtime_error{"poison"};
               const auto until = std::chrono::steady_clock::now() + cost;
               while (to.count < slow_events && std::chrono::steady_clock::now() < until) {
               }
               ++to.count;
               auto& last = to.last.at(number_in(r.sensor));
               if (r.value != last + 1) ++to.disordered;
               last = r.value;
               return true;
           });
}

auto sums_of(auto readings, const plan& of) {
    using namespace millrace;
    return std::move(readings) |
           process<sum<&reading::value>, memory_storage>({.capacity = of.history_capacity}) |
           publish("sums");
}

auto sums(auto source, const plan& of, taken& to) {
    return sums_of(counted(std::move(source), of, to) | millrace::key_by(&reading::sensor), of);
}

}  // namespace
