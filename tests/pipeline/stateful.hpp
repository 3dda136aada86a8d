#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/core/stage.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/run.hpp>

#include "trade.hpp"

/// What a function said, at which time it went out, and with which watermark.
struct said {
    std::string_view key;
    long long what, value;
    millrace::timestamp time, watermark;
};

template <>
inline constexpr auto millrace::schema<said> = millrace::fields(
    millrace::field{"key", &said::key}, millrace::field{"what", &said::what},
    millrace::field{"value", &said::value}, millrace::event_time{"time", &said::time});

/// Does what the price of a trade says, with a time that its size says; its timers do what their
/// time says.
struct scripted {
    bool throws = true;

    static millrace::duration ms(long long count) { return std::chrono::milliseconds{count}; }

    template <class Context>
    static void say(Context& ctx, long long what, long long value) {
        ctx.emit({ctx.key(), what, value, ctx.time(), ctx.watermark()});
    }

    void on_event(auto& ctx, const trade& t) const {
        const millrace::duration by = ms(static_cast<long long>(t.size));
        switch (static_cast<int>(t.price)) {
            case 0: say(ctx, 0, ++ctx.state()); break;
            case 1: say(ctx, 1, ctx.has_state() ? ctx.read() : -1); break;
            case 2: say(ctx, 2, ctx.timer_at(ctx.time() + by)); break;
            case 3: say(ctx, 3, ctx.cancel_timer(ctx.time() + by)); break;
            case 4: ctx.erase(); break;
            case 5: say(ctx, 5, ctx.timer_at(ctx.time() - by)); break;
            case 6: say(ctx, 6, ctx.timer_at(ctx.watermark()) + ctx.state()); break;
            case 7:
                ctx.state() += 100;
                ctx.timer_at(ctx.time() + by);
                ctx.timer_at(ctx.time() - by);
                if (throws) throw std::runtime_error{"event"};
                break;
            case 8:
                ctx.erase();
                say(ctx, 8, ctx.timer_at(ctx.time() + by) + 2 * ctx.has_state());
                break;
            case 9: say(ctx, 9, ctx.wall_timer_at(ctx.now() + by)); break;
            case 10: say(ctx, 10, ctx.wall_timer_at(ctx.now() - by)); break;
            case 11: say(ctx, 11, ctx.cancel_wall_timer(ctx.now() + by)); break;
            default: break;
        }
    }

    void on_wall_timer(auto& ctx, millrace::timestamp at) const {
        say(ctx, 50, ctx.has_state() ? ctx.read() : -1);
        switch ((at - millrace::timestamp{}) / ms(1) % 8) {
            case 0: say(ctx, 60, ctx.wall_timer_at(at + ms(2))); break;
            case 1: say(ctx, 61, ctx.wall_timer_at(at)); break;
            case 2: say(ctx, 62, ctx.timer_at(ctx.watermark() - ms(2))); break;
            case 3: ctx.state() += 10; break;
            case 4: ctx.erase(); break;
            case 5:
                if (throws) throw std::runtime_error{"wall timer"};
                break;
            case 6: say(ctx, 66, ctx.timer_at(ctx.watermark() + ms(3))); break;
            default: break;
        }
    }

    void on_timer(auto& ctx, millrace::timestamp at) const {
        say(ctx, 20, ctx.has_state() ? ctx.read() : -1);
        switch ((at - millrace::timestamp{}) / ms(1) % 8) {
            case 0: say(ctx, 30, ctx.timer_at(at + ms(3))); break;
            case 1: say(ctx, 31, ctx.timer_at(at)); break;
            case 2: say(ctx, 32, ctx.timer_at(at - ms(5))); break;
            case 3: ctx.state() += 10; break;
            case 4: ctx.erase(); break;
            case 5:
                ctx.state() += 1000;
                if (throws) throw std::runtime_error{"timer"};
                break;
            case 6: say(ctx, 36, ctx.cancel_timer(at + ms(1))); break;
            case 7: say(ctx, 37, ctx.wall_timer_at(ctx.now())); break;
            default: break;
        }
    }
};

/// The same by the textbook: everything is kept, and searched.
class naive_states {
public:
    struct spoken {
        std::string key;
        long long what, value;
        millrace::timestamp time, watermark;
        millrace::event_stamp stamp;

        friend bool operator==(const spoken& a, const spoken& b) {
            const auto all = [](const spoken& one) {
                return std::tie(one.key, one.what, one.value, one.time, one.watermark,
                                one.stamp.time, one.stamp.watermark);
            };
            return all(a) == all(b);
        }
    };
    using timestamp = millrace::timestamp;
    static constexpr timestamp never = timestamp::min();
    static constexpr std::size_t event = 0, wall = 1;

    timestamp now{};
    bool is_per_key;
    millrace::duration disorder;
    millrace::state_settings settings{};
    scripted function;
    std::vector<spoken> out{};
    std::uint64_t refused_timers = 0;

    naive_states(bool per_key, millrace::duration by, scripted f)
        : is_per_key{per_key}, disorder{by}, function{f} {}

    /// False where it throws, as the pipeline does.
    bool push(const trade& one) {
        bool is_good = true;
        while (!catch_up()) is_good = false;
        const std::string key{one.symbol};
        clock& own = clocks_[is_per_key ? key : ""];
        if (own.watermark == never && is_per_key) own.watermark = own.passed_on = floor_;
        own.watermark = std::max(own.watermark, one.time - disorder);
        const timestamp told = told_of(key);
        data& of = keys_[key];
        of.due_again = 0;
        call ctx{
            *this,         of,   key, {one.time, own.watermark}, one.time, std::max(one.time, told),
            own.watermark, false};
        if (is_per_key && of.empty()) of.told = own.watermark;
        try {
            function.on_event(ctx, one);
        } catch (const std::runtime_error&) {
            tidy(key);
            pass_on(key, own);
            return false;
        }
        tidy(key);
        if (is_per_key ? !fire_all(told_of(key), key) : !fire_shared()) is_good = false;
        return pass_on(key, own) && is_good;
    }

    bool advance(timestamp to) {
        if (!catch_up()) return false;
        if (!is_per_key) {
            clock& own = clocks_[""];
            own.watermark = std::max(own.watermark, to);
            return pass_on("", own);
        }
        if (to <= floor_) return true;
        for (auto& [key, own] : clocks_) own.watermark = std::max(own.watermark, to);
        ++round_;
        const bool is_good = fire_all(to, "");
        floor_ = to;
        return is_good;
    }

    bool wall_time(timestamp to) {
        bool is_good = true;
        while (!catch_up()) is_good = false;
        if (!is_per_key && !pass_on("", clocks_[""])) return false;  // where an event threw
        ++round_;
        now = to;
        if (!is_per_key) return fire_shared() && is_good;
        while (const auto key = due_key(to + millrace::duration{1}, "", wall))
            is_good = fire_all(told_of(*key), *key) && is_good;
        return is_good;
    }

    bool catch_up() { return is_per_key || !is_firing_ || fire_shared(); }

private:
    struct clock {
        timestamp watermark = never, passed_on = never;
    };
    struct data {
        std::optional<long long> state{};
        timestamp renewed{}, told = never;
        std::array<std::set<timestamp>, 2> timers{};
        std::size_t due_again = 0, round = 0;

        bool empty() const { return !state && timers[0].empty() && timers[1].empty(); }
    };

    struct call {
        naive_states& all;
        data& of;
        const std::string& name;
        millrace::event_stamp stamp;
        timestamp at, event_now, round;
        bool is_timer;
        long long nothing = 0;

        call(naive_states& a, data& d, const std::string& k, millrace::event_stamp s, timestamp t,
             timestamp n, timestamp w, bool timer)
            : all{a}, of{d}, name{k}, stamp{s}, at{t}, event_now{n}, round{w}, is_timer{timer} {
            if (of.state && all.settings.kept_for != millrace::duration::max() &&
                of.renewed + all.settings.kept_for <= event_now)
                of.state.reset();
        }
        std::string_view key() const { return name; }
        long long& state() {
            of.renewed = of.state ? std::max(of.renewed, event_now) : event_now;
            if (!of.state) of.state = 0;
            return *of.state;
        }
        long long read() {
            if (of.state && all.settings.is_renewed_by_reading)
                of.renewed = std::max(of.renewed, event_now);
            return of.state.value_or(0);
        }
        bool has_state() const { return of.state.has_value(); }
        timestamp time() const { return at; }
        timestamp watermark() const { return round; }
        void emit(const said& one) {
            all.out.push_back(
                {std::string{one.key}, one.what, one.value, one.time, one.watermark, stamp});
        }
        timestamp now() const { return all.now; }
        bool timer_at(timestamp to) { return set(event, to, to < round); }
        bool wall_timer_at(timestamp to) { return set(wall, to, to <= all.now); }
        bool set(std::size_t kind, timestamp to, bool is_due) {
            if (is_timer && is_due) {
                if (std::exchange(of.round, all.round_) != all.round_) of.due_again = 0;
                if (of.due_again++ >= all.settings.timer_limit) return refuse();
            }
            if (of.timers[kind].contains(to)) return true;
            if (of.timers[0].size() + of.timers[1].size() >= all.settings.timer_limit)
                return refuse();
            of.timers[kind].insert(to);
            return true;
        }
        bool refuse() {
            ++all.refused_timers;
            return false;
        }
        bool cancel_timer(timestamp to) { return of.timers[event].erase(to) == 1; }
        bool cancel_wall_timer(timestamp to) { return of.timers[wall].erase(to) == 1; }
        void erase() {
            of.state.reset();
            of.timers = {};
        }
    };

    timestamp told_of(const std::string& key) {
        if (!is_per_key) return told_;
        const auto found = keys_.find(key);
        return std::max(floor_, found == keys_.end() ? never : found->second.told);
    }
    void tidy(const std::string& key) {
        const data& of = keys_.at(key);
        if (of.empty()) keys_.erase(key);
    }

    bool pass_on(const std::string& key, clock& own) {
        if (own.watermark <= own.passed_on) return true;
        own.passed_on = own.watermark;
        if (!is_per_key) {
            const bool was_firing = is_firing_;
            if (!catch_up()) return false;
            ++round_;
            watermark_ = own.watermark;
            is_firing_ = was_firing;  // behind what threw the rest is put off
            return was_firing || fire_shared();
        }
        ++round_;
        const bool is_good = fire_all(own.watermark, key);
        if (const auto found = keys_.find(key); found != keys_.end())
            found->second.told = std::max(found->second.told, own.watermark);
        return is_good;
    }

    /// The key with the earliest timer before that, of all or of one.
    std::optional<std::string> due_key(timestamp to, const std::string& only, std::size_t kind) {
        std::optional<std::string> best;
        for (const auto& [key, of] : keys_) {
            const auto& timers = of.timers[kind];
            if (timers.empty() || *timers.begin() >= to) continue;
            if (!only.empty() && key != only) continue;
            if (!best || *timers.begin() < *keys_.at(*best).timers[kind].begin()) best = key;
        }
        return best;
    }
    std::optional<std::pair<std::string, std::size_t>> due(timestamp to, const std::string& only) {
        if (const auto key = due_key(to, only, event)) return std::pair{*key, event};
        if (const auto key = due_key(now + millrace::duration{1}, only, wall))
            return std::pair{*key, wall};
        return std::nullopt;
    }

    bool fire(const std::string& key, std::size_t kind, timestamp told, timestamp to) {
        data& of = keys_.at(key);
        const timestamp at = *of.timers[kind].begin();
        of.timers[kind].erase(at);
        const timestamp time = kind == event ? std::max(at, told) : told == never ? now : told;
        call ctx{*this, of, key, {time, told}, kind == event ? at : time, time, to, true};
        bool is_good = true;
        try {
            if (kind == event) {
                function.on_timer(ctx, at);
            } else {
                function.on_wall_timer(ctx, at);
            }
        } catch (const std::runtime_error&) {
            is_good = false;
        }
        tidy(key);
        return is_good;
    }

    bool fire_all(timestamp to, const std::string& only) {
        bool is_good = true;
        std::map<std::string, timestamp> told;
        while (const auto next = due(to, only)) {
            const auto& [key, kind] = *next;
            is_good = fire(key, kind, told.emplace(key, told_of(key)).first->second, to) && is_good;
        }
        return is_good;
    }
    bool fire_shared() {
        is_firing_ = true;
        while (const auto next = due(watermark_, ""))
            if (!fire(next->first, next->second, told_, watermark_)) return false;
        is_firing_ = false;
        told_ = watermark_;
        return true;
    }

    std::map<std::string, clock> clocks_;
    std::map<std::string, data> keys_;
    timestamp watermark_ = never, told_ = never, floor_ = never;
    std::size_t round_ = 0;
    bool is_firing_ = false;
};

/// Notes what comes and its stamp, and that no timer's event is late.
struct note_said : millrace::stage {
    std::vector<naive_states::spoken>* out;
    bool* has_late;

    note_said(std::vector<naive_states::spoken>& to, bool& late) : out{&to}, has_late{&late} {}

    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}, out, has_late};
    }

    template <class Next>
    struct node : millrace::forwarding_node<Next> {
        std::vector<naive_states::spoken>* out;
        bool* has_late;
        millrace::timestamp told = millrace::timestamp::min();
        std::map<std::string, millrace::timestamp, std::less<>> told_of_key{};

        void push(const said& one, millrace::event_stamp at) {
            out->push_back(
                {std::string{one.key}, one.what, one.value, one.time, one.watermark, at});
            const auto own = told_of_key.find(one.key);
            const auto least = own == told_of_key.end() ? told : std::max(told, own->second);
            if (one.what >= 20 && at.time < least) *has_late = true;
        }
        void watermark(millrace::timestamp time, millrace::trigger) { told = time; }
        template <class Key>
        void key_watermark(const Key& key, millrace::timestamp time, millrace::trigger) {
            auto& own = told_of_key.try_emplace(std::string{key}, told).first->second;
            own = std::max(own, time);
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(told, told_of_key, this->next);
        }
    };
};
