#pragma once

#include <cstddef>
#include <cstdint>

#include <millrace/endpoint/metrics.hpp>
#include <millrace/websocket/close_code.hpp>

#include "catch.hpp"
#include "random_clients.hpp"
#include "random_plan.hpp"

namespace {

/// What has to be so at the end of a round.
class checks {
public:
    checks(const plan& of, const taken& by, const millrace::endpoint_counters& counters)
        : plan_{of}, taken_{by}, counters_{counters} {}

    void check(const client& each) {
        CHECK(!each.is_wrong);
        CHECK(!each.peer->error());
        check_refusal(each);
        if (each.sends_as) check_sender(each);
        if (each.follows) check_follower(each);
    }

    void check(const poster& each) {
        const std::uint64_t last = taken_.last[each.number];
        CHECK(!each.is_wrong);
        CHECK(last >= each.accepted);
        CHECK(last <= each.most_accepted());
        if (plan_.is_settled() && !each.is_killed) CHECK(last == plan_.events / 4);
        least_errors_ += each.failures;
        most_errors_ += each.failures + (each.under_way && each.under_way->has_poison);
    }

    /// Once each is checked.
    void check_all() const {
        CHECK(taken_.disordered == 0);
        CHECK(counters_.handler_errors >= least_errors_);
        CHECK(counters_.handler_errors <= most_errors_);
    }

private:
    using close_code = millrace::websocket::close_code;

    /// Unless it was gone, or the end came, before it was judged.
    void check_refusal(const client& each) const {
        const int status = each.peer->status();
        const bool is_closed = each.peer->closed() == close_code::policy_violation;
        const bool is_judged = plan_.is_settled() && plan_.has_memory;
        if (each.refusal == 0) {
            CHECK(!is_closed);
            CHECK((status == 101 || !is_judged));
        } else if (each.shows_in_message()) {
            CHECK((is_closed || !is_judged));
        } else {
            CHECK((status == each.refusal || !is_judged));
        }
    }

    void check_sender(const client& each) {
        const std::uint64_t last = taken_.last[*each.sends_as];
        const bool has_failed = each.poison_at != 0 && each.sent > each.poison_at;
        CHECK(last <= (each.refusal != 0 ? 0 : each.sent));
        most_errors_ += has_failed;
        if (has_failed && each.peer->closed() == close_code::internal_error) {
            ++least_errors_;
            CHECK(last > each.poison_at);  // what stands behind it in its message is taken
        } else if (plan_.is_settled() && !each.is_killed) {
            CHECK(each.poison_at == 0);
            CHECK(last == plan_.events);
            if (plan_.has_memory) CHECK(each.peer->closed() == close_code::going_away);
        }
    }

    void check_follower(const client& each) const {
        for (std::size_t i = 0; i != plan_.numbers(); ++i)
            CHECK(each.received[i] <= taken_.last[i]);
        if (each.is_slow || each.is_killed || each.refusal != 0) return;
        const bool has_lost_none =
            plan_.keeps_pace ||
            counters_.frames_dropped + counters_.slow_disconnects + counters_.memory_ended == 0;
        if (!has_lost_none) return;
        CHECK(!each.has_gap);
        if (!plan_.is_settled() || each.poison_at != 0) return;
        for (std::size_t i = 0; i != plan_.numbers(); ++i)
            if (!each.key || *each.key == i) CHECK(each.received[i] == taken_.last[i]);
    }

    const plan& plan_;
    const taken& taken_;
    const millrace::endpoint_counters& counters_;
    std::uint64_t least_errors_ = 0;  ///< of handlers
    std::uint64_t most_errors_ = 0;
};

}  // namespace
