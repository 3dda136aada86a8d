#include <millrace/storage/job_thread.hpp>

#include <future>
#include <vector>

#include "catch.hpp"

using millrace::detail::job_thread;

TEST_CASE("jobs run in turn, on a thread of their own") {
    std::promise<void> done;
    std::vector<int> order;
    std::thread::id runs_on;
    job_thread jobs{10};
    for (int i = 0; i < 9; ++i) REQUIRE(jobs.post([&, i](bool) { order.push_back(i); }));
    REQUIRE(jobs.post([&](bool) {
        runs_on = std::this_thread::get_id();
        done.set_value();
    }));
    done.get_future().get();
    CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(runs_on != std::this_thread::get_id());
}

TEST_CASE("too many jobs are refused, and those that wait at the end are cancelled") {
    std::promise<void> started, release;
    std::vector<bool> cancelled;
    {
        job_thread jobs{2};
        REQUIRE(jobs.post([&](bool is_cancelled) {
            cancelled.push_back(is_cancelled);
            started.set_value();
            release.get_future().get();
        }));
        started.get_future().get();
        const auto note = [&](bool is_cancelled) { cancelled.push_back(is_cancelled); };
        REQUIRE(jobs.post(note));
        REQUIRE(jobs.post(note));
        CHECK_FALSE(jobs.post(note));
        jobs.cancel();
        release.set_value();
    }
    CHECK(cancelled == std::vector{false, true, true});
}

TEST_CASE("a thread without jobs never starts") { job_thread jobs{1}; }
