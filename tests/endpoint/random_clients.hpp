#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/websocket/close_code.hpp>

#include "nonblocking_http.hpp"
#include "nonblocking_peer.hpp"
#include "random_plan.hpp"

namespace {

/// A sum: whose it is, and of how many of its events.
struct seen_sum {
    std::size_t number;
    std::uint64_t events;
    bool is_exact;
};

/// Takes the first record off the front of `text`.
std::optional<seen_sum> take_sum(std::string_view& text) {
    constexpr std::string_view name = R"(:"sensor )", sum = R"("sum":)";
    const auto at_name = text.find(name), at_sum = text.find(sum, at_name);
    if (at_name == std::string_view::npos || at_sum == std::string_view::npos) return std::nullopt;
    const std::size_t number = number_in(text.substr(at_name + 2));
    text.remove_prefix(at_sum + sum.size());
    const double total = std::strtod(std::string{text.substr(0, 30)}.c_str(), nullptr);
    const auto events = static_cast<std::uint64_t>(std::sqrt(2 * total));
    return seen_sum{number, events, static_cast<double>(events * (events + 1) / 2) == total};
}

/// Times have gaps, and poison is not of the future.
std::string event_of(std::size_t number, std::uint64_t value, bool has_disorder = false) {
    const std::uint64_t place = has_disorder ? value / 64 * 64 + value * 37 % 64 : value;
    const std::uint64_t time = value == poison ? 0 : place + place / 64 * 37;
    return R"({"sensor":")" + name_of(number) + R"(","value":)" + std::to_string(value) +
           R"(,"time":)" + std::to_string(time) + "}";
}

/// As a parameter of a target.
std::string key_parameter(const std::optional<std::size_t>& key) {
    if (!key) return {};
    std::string text = name_of(*key);
    for (std::size_t at; (at = text.find(' ')) != std::string::npos;) text.replace(at, 1, "%20");
    return "&key=" + text;
}

/// One WebSocket: a sender, a follower of all or of one key, or both.
struct client {
    std::unique_ptr<nonblocking_peer> peer{};
    credentials who{};
    int refusal = 0;  ///< the status, as it is expected; 0 for none
    std::optional<std::size_t> sends_as{};
    std::uint64_t sent = 0;       ///< events so far
    std::uint64_t kill_at = 0;    ///< so many events or records; 0: never
    std::uint64_t poison_at = 0;  ///< an operator throws behind so many events; 0: never
    bool is_killed = false;
    bool is_held = false;  ///< the guard's answer comes late
    bool has_greeted = false;
    bool follows = false;
    bool is_slow = false;  ///< reads nothing until the end
    std::optional<std::size_t> key{};
    std::array<std::uint64_t, max_numbers> received{};  ///< the last event in each number's sum
    std::uint64_t records = 0;
    bool has_gap = false;
    bool is_wrong = false;

    [[nodiscard]] bool shows_in_message() const { return who.by == shown::in_message; }
    [[nodiscard]] bool is_refused() const {
        return (peer->status() != 0 && !peer->is_upgraded()) ||
               peer->closed() == millrace::websocket::close_code::policy_violation;
    }
    [[nodiscard]] bool is_lost() const {
        return is_killed || peer->is_ended() || peer->closed() || is_refused();
    }
    [[nodiscard]] bool is_reader() const { return follows && !is_slow && !is_lost(); }
    /// It is known to be let in, or not to be.
    [[nodiscard]] bool is_settled() const {
        return is_lost() || (has_greeted && !peer->awaits_pong());
    }

    /// What it sends as soon as it can: a token, and behind one that is refused, an event.
    void greet() {
        if (!peer->is_upgraded() || std::exchange(has_greeted, true)) return;
        if (!shows_in_message()) return;
        peer->send(who.message());
        if (refusal != 0 && sends_as) peer->send(event_of(*sends_as, ++sent));
        peer->ping();
    }

    /// One message of its next events, up to this one.
    void send_some(std::uint64_t goal, plan& by) {
        const std::uint64_t count =
            std::min<std::uint64_t>(goal - sent, 1 + by.below(by.below(4) == 0 ? 50 : 4));
        std::string message = "[";
        for (std::uint64_t i = 0; i != count; ++i) {
            if (by.below(20) == 0) message += "{},";
            message += event_of(*sends_as, ++sent, by.has_disorder) + ",";
        }
        if (sent == poison_at)
            message += event_of(*sends_as, poison) + "," +
                       event_of(*sends_as, ++sent, by.has_disorder) + ",";
        message.back() = ']';
        peer->send(message, by.below(10) == 0 ? by.below(message.size()) : 0);
        if (by.sends_singly) peer->ping();
    }

    void on_message(std::string_view text) {
        if (refusal != 0) is_wrong = true;
        if (text.starts_with(R"({"error")")) return;
        const auto sum = take_sum(text);
        if (!sum) {
            is_wrong = true;
            return;
        }
        ++records;
        const auto before = std::exchange(received.at(sum->number), sum->events);
        is_wrong =
            is_wrong || sum->events <= before || !sum->is_exact || (key && *key != sum->number);
        has_gap = has_gap || sum->events != before + 1;
    }
};

/// Posts events, one message after the other, and again those of one that was not taken.
struct poster {
    struct post {
        std::uint64_t events = 0;   ///< to be taken
        std::uint64_t refused = 0;  ///< that are no events
        bool has_poison = false;    ///< among them
        std::string rest{};         ///< to be sent later

        [[nodiscard]] int status() const {
            return has_poison ? 500 : events == 0 && refused != 0 ? 400 : 200;
        }
    };

    std::unique_ptr<nonblocking_http> peer{};
    credentials who{};
    int refusal = 0;
    bool is_held = false;  ///< the guard's answer to the first post comes late
    std::size_t number = 0;
    std::string path{};
    std::uint64_t posts = 0;
    std::uint64_t kill_at = 0;  ///< so many posts; 0: never
    std::optional<post> under_way{};
    std::uint64_t accepted = 0;  ///< events, by the answers
    std::uint64_t failures = 0;  ///< answers of 500
    std::uint64_t retries = 0;   ///< answers of 503
    int last_status = 0;
    bool is_killed = false;
    bool is_wrong = false;

    [[nodiscard]] bool is_refused() const { return last_status == 401 || last_status == 403; }
    [[nodiscard]] bool is_lost() const {
        return is_killed || is_wrong || peer->is_ended() || is_refused();
    }
    /// Events that the pipeline may have taken; of a body that is not whole it takes none.
    [[nodiscard]] std::uint64_t most_accepted() const {
        const bool is_whole =
            under_way && under_way->rest.empty() && refusal == 0 && peer->unsent_bytes() == 0;
        return accepted + (is_whole ? under_way->events : 0);
    }

    /// One message of those behind what was accepted, up to this one.
    void post_some(std::uint64_t goal, plan& by) {
        post made;
        std::string body = "[";
        const auto add_event = [&](std::uint64_t value) {
            body += event_of(number, value, by.has_disorder) + ",";
        };
        const auto add_refused = [&] {
            body += "{},";
            ++made.refused;
        };
        const std::uint64_t count =
            std::min<std::uint64_t>(goal - accepted, by.below(20) == 0 ? 0 : 1 + by.below(10));
        if (count == 0) add_refused();
        while (made.events != count) {
            if (by.below(20) == 0) add_refused();
            add_event(accepted + ++made.events);
        }
        if (by.below(20) == 0) {
            made.has_poison = true;
            add_event(poison);
            if (accepted + made.events != goal) add_event(accepted + ++made.events);
        }
        body.back() = ']';
        const bool comes_in_parts = by.below(4) == 0;
        send(std::move(made), body, comes_in_parts ? by.below(body.size()) : body.size());
    }

    /// At first only so much of the body.
    void send(post made, std::string_view body, std::size_t first_bytes) {
        made.rest = body.substr(first_bytes);
        peer->send("POST " + path + who.query() + (is_held ? "&held" : "") +
                   " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + who.header() +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        peer->send(body.substr(0, first_bytes));
        under_way = std::move(made);
        ++posts;
    }

    void send_rest() {
        if (under_way) peer->send(std::exchange(under_way->rest, {}));
    }

    void on_answer(int status, std::string_view body) {
        last_status = status;
        if (!under_way) {
            is_wrong = true;
            return;
        }
        const post was = *std::exchange(under_way, std::nullopt);
        retries += status == 503;
        if (status == 503) return;
        if (refusal != 0 || is_refused()) {
            is_wrong = is_wrong || status != refusal;
            return;
        }
        is_wrong = is_wrong || status != was.status() || count(body, "accepted") != was.events ||
                   count(body, "rejected") != was.refused;
        accepted += was.events;
        failures += was.has_poison;
    }

    static std::uint64_t count(std::string_view body, std::string_view name) {
        const auto at = body.find('"' + std::string{name} + "\":");
        if (at == std::string_view::npos) return ~std::uint64_t{};
        return std::strtoull(std::string{body.substr(at + name.size() + 3, 20)}.c_str(), nullptr,
                             10);
    }
};

/// Asks for the history, of all keys or of one.
struct reader {
    std::unique_ptr<nonblocking_http> peer{};
    credentials who{};
    int refusal = 0;
    std::optional<std::size_t> key{};
    std::size_t left = 0;     ///< requests
    std::size_t kill_at = 0;  ///< so many of them are left; 0: never
    std::size_t limit = 0;    ///< rows
    std::size_t capacity = 0;
    std::array<std::uint64_t, max_numbers> asked{};  ///< what was taken when it asked
    bool is_under_way = false;
    bool is_killed = false;
    bool is_wrong = false;
    std::uint64_t rows = 0;

    [[nodiscard]] bool is_lost() const { return is_killed || is_wrong || peer->is_ended(); }

    void ask(plan& by, const taken& now) {
        limit = 1 + by.below(300);
        is_under_way = true;
        for (std::size_t i = 0; i != max_numbers; ++i) asked[i] = now.last[i];
        peer->send("GET /api/topics/sums" + who.query() + key_parameter(key) +
                   "&limit=" + std::to_string(limit) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
                   who.header() + "\r\n");
    }

    void on_answer(int status, std::string_view body, const taken& now) {
        is_wrong = is_wrong || !std::exchange(is_under_way, false);
        if (status == 503) return;  // others of this client's were asked for, or the end
        is_wrong = is_wrong || status != (refusal != 0 ? refusal : 200);
        if (status == 200) check_rows(body, now);
    }

    /// Each key's rows go on without a gap, up to what was taken when they were asked for or later,
    /// and are all unless there were too many.
    void check_rows(std::string_view body, const taken& now) {
        std::array<std::uint64_t, max_numbers> first{}, last{};
        std::size_t count = 0;
        for (; const auto row = take_sum(body); ++count) {
            std::uint64_t& before = last.at(row->number);
            is_wrong = is_wrong || !row->is_exact || (key && *key != row->number) ||
                       (before != 0 && row->events != before + 1) ||
                       row->events > now.last[row->number];
            if (before == 0) first.at(row->number) = row->events;
            before = row->events;
        }
        rows += count;
        std::uint64_t all = 0;
        for (const auto& each : now.last) all += each;
        const bool are_all = count < limit && all <= capacity;
        for (std::size_t i = 0; i != max_numbers; ++i) {
            if (key && *key != i) continue;
            if (are_all) is_wrong = is_wrong || last[i] < asked[i] || first[i] > 1;
            if (key && count != 0) is_wrong = is_wrong || last[i] < asked[i];
        }
        is_wrong = is_wrong || count > limit;
    }
};

}  // namespace
