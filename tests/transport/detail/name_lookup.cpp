#include <millrace/transport/detail/name_lookup.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>

#include "catch.hpp"

using namespace millrace::detail;
using namespace std::chrono_literals;

namespace {

const asio::ip::tcp::endpoint somewhere{asio::ip::address_v4::loopback(), 7};

/// A resolver that answers when it is told to, and says when it has.
struct held_resolver {
    struct shared {
        std::promise<void> may_answer;
        std::shared_future<void> permission{may_answer.get_future()};
        std::atomic<int> asked{0}, answered{0};
    };
    std::shared_ptr<shared> state = std::make_shared<shared>();

    tcp_endpoints operator()(const std::string&, std::uint16_t, std::error_code&) const {
        ++state->asked;
        state->permission.wait();
        ++state->answered;
        return {somewhere};
    }
    void answer() const { state->may_answer.set_value(); }
    void await(const std::atomic<int>& number, int wanted) const {
        while (number != wanted) std::this_thread::yield();
    }
};

struct result {
    std::error_code error;
    tcp_endpoints addresses;
    int calls = 0;

    auto taker() {
        return [this](std::error_code e, const tcp_endpoints& found) {
            error = e;
            addresses = found;
            ++calls;
        };
    }
};

}  // namespace

TEST_CASE("numeric addresses need no resolver") {
    asio::io_context io;
    name_lookup lookup{io};
    result got;
    const std::string host = GENERATE("192.0.2.1", "2001:db8::1");
    lookup.start(host, 80, got.taker(), [](auto&&...) -> tcp_endpoints { throw 1; });
    CHECK(got.calls == 0);
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    REQUIRE(got.addresses.size() == 1);
    CHECK(got.addresses[0] == asio::ip::tcp::endpoint{asio::ip::make_address(host), 80});
}

TEST_CASE("the system's resolver finds what it knows, and says what it does not") {
    std::error_code error;
    const auto local = system_addresses("localhost", 80, error);
    CHECK(!error);
    REQUIRE(!local.empty());
    CHECK(local[0].address().is_loopback());
    CHECK(local[0].port() == 80);
    CHECK(system_addresses("not a name", 80, error).empty());
    CHECK(error);
    CHECK(lookup_error(EAI_NONAME) == asio::error::host_not_found);
    CHECK(lookup_error(EAI_AGAIN) == asio::error::host_not_found_try_again);
    CHECK(!lookup_error(0));
}

TEST_CASE("an answer comes in the io_context's thread, which has work until then") {
    asio::io_context io;
    name_lookup lookup{io};
    const held_resolver resolver;
    result got;
    std::thread::id called_in;
    lookup.start(
        "name", 7,
        [&, take = got.taker()](auto error, const auto& found) {
            called_in = std::this_thread::get_id();
            take(error, found);
        },
        resolver);
    CHECK(io.poll() == 0);
    CHECK(!io.stopped());
    resolver.answer();
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.addresses == tcp_endpoints{somewhere});
    CHECK(called_in == std::this_thread::get_id());
}

TEST_CASE("a look-up that is ended gives its error at once, and its late answer to nobody") {
    const held_resolver slow, quick;
    result got, other;
    {
        asio::io_context io;
        auto lookup = std::make_unique<name_lookup>(io);
        lookup->start("slow", 7, got.taker(), slow);
        slow.await(slow.state->asked, 1);

        name_lookup neighbour{io};
        quick.answer();
        neighbour.start("quick", 7, other.taker(), quick);
        while (other.calls == 0) io.run_one();
        CHECK(other.addresses == tcp_endpoints{somewhere});
        CHECK(got.calls == 0);

        const bool is_cancelled = GENERATE(true, false);
        if (is_cancelled) {
            lookup->cancel();
            io.run();
            CHECK(got.calls == 1);
            CHECK(got.error == asio::error::operation_aborted);
        }
        if (GENERATE(true, false)) lookup.reset();
    }
    // The io_context is gone, and nobody has waited for the resolver.
    CHECK(slow.state->answered == 0);
    slow.answer();
    slow.await(slow.state->answered, 1);
    CHECK(got.calls <= 1);
}

TEST_CASE("a resolver without memory is an error like others") {
    asio::io_context io;
    name_lookup lookup{io};
    result got;
    lookup.start("name", 7, got.taker(),
                 [](auto&&...) -> tcp_endpoints { throw std::bad_alloc{}; });
    io.run();
    CHECK(got.error == asio::error::no_memory);
}

TEST_CASE("a process has so many look-ups at a time") {
    asio::io_context io;
    const held_resolver slow;
    std::vector<std::unique_ptr<name_lookup>> lookups;
    result got, refused;
    for (int i = 0; i != name_lookup::max_threads; ++i) {
        lookups.push_back(std::make_unique<name_lookup>(io));
        lookups.back()->start("slow", 7, got.taker(), slow);
        if (refused.calls != 0) break;
    }
    name_lookup one_more{io};
    // Whatever calls it: the limit is the process's.
    one_more.start("slow", 7, refused.taker(), [](auto&&...) { return tcp_endpoints{}; });
    while (refused.calls == 0) io.run_one();
    CHECK(refused.error == asio::error::host_not_found_try_again);
    slow.answer();
    io.run();
    CHECK(got.calls == name_lookup::max_threads);
}
