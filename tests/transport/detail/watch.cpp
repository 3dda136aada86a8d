#include <millrace/transport/detail/watch.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>

#include <millrace/transport/detail/socket_stream.hpp>

#include "catch.hpp"
#include "no_descriptors.hpp"

using namespace millrace::detail;
using local = asio::local::stream_protocol;

namespace {

std::atomic<int> control_calls = 0;

}  // namespace

/// Takes the place of the C library's.
extern "C" int epoll_ctl(int set, int operation, int descriptor, ::epoll_event* event) noexcept {
    ++control_calls;
    return static_cast<int>(::syscall(SYS_epoll_ctl, set, operation, descriptor, event));
}

namespace {

/// A stream, and the socket at its other end.
struct connected {
    local::socket peer;
    std::unique_ptr<socket_stream> stream;
    std::array<char, 1024> buffer{};

    explicit connected(asio::io_context& io) : peer{io} {
        local::socket mine{io};
        asio::local::connect_pair(peer, mine);
        peer.non_blocking(true);
        stream = std::make_unique<socket_stream>(std::move(mine));
    }

    void send(std::size_t size = 1) {
        const std::string bytes(size, 'x');
        REQUIRE(::send(peer.native_handle(), bytes.data(), size, MSG_NOSIGNAL) > 0);
    }

    std::size_t receive(std::size_t size = 1024) {
        std::error_code error;
        return stream->read_some({buffer.data(), size}, error);
    }
};

std::vector<connected> several(asio::io_context& io, std::size_t count) {
    std::vector<connected> made;
    for (std::size_t i = 0; i < count; ++i) made.emplace_back(io);
    return made;
}

/// What is ready by now. Whether anything is left to wait for.
bool run_ready(asio::io_context& io) {
    io.restart();
    io.poll();
    return !io.stopped();
}

}  // namespace

TEST_CASE("many streams that are ready at once cost no epoll_ctl each") {
    asio::io_context io;
    auto streams = several(io, 50);
    int messages = 0;
    std::function<void(connected&)> serve = [&](connected& c) {
        c.stream->async_wait_readable([&](std::error_code error) {
            if (error || c.receive() == 0) return;
            ++messages;
            serve(c);
        });
    };
    for (auto& c : streams) serve(c);
    run_ready(io);

    control_calls = 0;
    for (int round = 0; round < 10; ++round) {
        for (auto& c : streams) c.send();
        run_ready(io);
    }
    REQUIRE(messages == 500);
    REQUIRE(control_calls <= 2 * 10);
    streams.clear();
}

TEST_CASE("an io_context runs for as long as a stream waits") {
    asio::io_context io;
    auto streams = several(io, 2);
    int calls = 0;
    const auto count = [&](std::error_code) { ++calls; };

    REQUIRE(!run_ready(io));
    streams[0].stream->async_wait_readable(count);
    streams[1].stream->async_wait_readable(count);
    REQUIRE(run_ready(io));
    streams[0].send();
    REQUIRE(run_ready(io));
    REQUIRE(calls == 1);

    switch (GENERATE(0, 1, 2)) {
        case 0: streams[1].send(); break;
        case 1: streams[1].stream->close(); break;
        default: streams.pop_back();
    }
    REQUIRE(!run_ready(io));
    REQUIRE(calls == 2);

    // The poller still ends its watch for the last one when the next one comes.
    streams[0].stream->async_wait_writable(count);
    streams[0].stream->close();
    streams[0] = connected{io};
    streams[0].stream->async_wait_readable(count);
    REQUIRE(run_ready(io));
    REQUIRE(calls == 3);
    streams[0].send();
    REQUIRE(!run_ready(io));
    REQUIRE(calls == 4);
}

TEST_CASE("input that nobody waits for wakes nobody, and is not forgotten") {
    asio::io_context io;
    auto streams = several(io, 2);
    int calls = 0;
    const auto count = [&](std::error_code) { ++calls; };
    streams[1].stream->async_wait_readable(count);
    streams[0].stream->async_wait_readable(count);
    streams[0].send();
    run_ready(io);
    REQUIRE(calls == 1);

    SECTION("however much comes") {
        for (int i = 0; i < 3; ++i) {
            streams[0].send();
            run_ready(io);
        }
    }
    SECTION("nor the peer's end") { streams[0].peer.shutdown(local::socket::shutdown_send); }
    SECTION("nor its going") { streams[0].peer.close(); }
    run_ready(io);
    io.restart();
    REQUIRE(io.poll() == 0);
    streams[0].stream->async_wait_readable(count);
    run_ready(io);
    REQUIRE(calls == 2);
}

TEST_CASE("the end of the input is told as often as it is asked for") {
    asio::io_context io;
    connected c{io};
    c.stream->async_wait_readable([](std::error_code) {});
    const bool with_input = GENERATE(true, false);
    if (with_input) c.send(10);
    c.peer.shutdown(local::socket::shutdown_send);
    run_ready(io);
    if (with_input) REQUIRE(c.receive() == 10);
    for (int i = 0; i < 3; ++i) {
        int calls = 0;
        c.stream->async_wait_readable([&](std::error_code) { ++calls; });
        REQUIRE(calls == 0);
        REQUIRE(!run_ready(io));
        REQUIRE(calls == 1);
        std::error_code error;
        REQUIRE(c.stream->read_some(c.buffer, error) == 0);
        REQUIRE(error == asio::error::eof);
    }
}

TEST_CASE("a handler may end other streams that are ready, and its own") {
    asio::io_context io;
    auto streams = several(io, 8);
    int served = 0, aborted = 0, others = 0;
    const bool destroy = GENERATE(true, false);
    for (auto& c : streams) {
        c.stream->async_wait_readable([&](std::error_code error) {
            ++(!error ? served : error == asio::error::operation_aborted ? aborted : others);
            for (auto& other : streams) {
                if (!other.stream) continue;
                destroy ? other.stream.reset() : other.stream->close();
            }
        });
        c.send();
    }
    REQUIRE(!run_ready(io));
    REQUIRE(served == 1);
    REQUIRE(aborted == 7);
    REQUIRE(others == 0);
}

TEST_CASE("a handler that throws takes nothing from the others") {
    asio::io_context io;
    auto streams = several(io, 5);
    int calls = 0;
    for (auto& c : streams) {
        c.stream->async_wait_readable([&](std::error_code) {
            if (++calls == 2) throw std::runtime_error("mine");
        });
        c.send();
    }
    REQUIRE_THROWS_AS(run_ready(io), std::runtime_error);
    REQUIRE(calls == 2);
    REQUIRE(!run_ready(io));
    REQUIRE(calls == 5);
}

TEST_CASE("a handler may run the io_context") {
    asio::io_context io;
    auto streams = several(io, 5);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < 4; ++i) {
        streams[i].stream->async_wait_readable([&, i](std::error_code) {
            order.push_back(i);
            if (order.size() > 1) return;
            streams[4].stream->async_wait_readable([&](std::error_code) { order.push_back(4); });
            streams[4].send();
            io.poll();
        });
        streams[i].send();
    }
    REQUIRE(!run_ready(io));
    REQUIRE(order == std::vector<std::size_t>{0, 4, 1, 2, 3});
}

TEST_CASE("a stream that is always ready leaves others their turns") {
    asio::io_context io;
    auto streams = several(io, 2);
    streams[0].send(100);
    int greedy = 0, posted = 0;
    bool is_served = false;
    std::function<void()> take = [&] {
        streams[0].stream->async_wait_readable([&](std::error_code error) {
            if (!error && ++greedy < 100) take();
        });
    };
    std::function<void()> post = [&] {
        asio::post(io, [&] {
            if (++posted == 5) streams[1].send();
            if (!is_served) post();
        });
    };
    take();
    post();
    streams[1].stream->async_wait_readable([&](std::error_code) { is_served = true; });
    REQUIRE(!run_ready(io));
    REQUIRE(greedy == 100);
    REQUIRE(posted < 15);
}

TEST_CASE("what waits goes with the io_context") {
    struct session {
        connected c;
        explicit session(asio::io_context& io) : c{io} {}
    };
    std::vector<std::weak_ptr<session>> all;
    int calls = 0;
    {
        asio::io_context io;
        std::shared_ptr<session> earlier;
        for (int i = 0; i < 6; ++i) {
            const auto s = std::make_shared<session>(io);
            all.push_back(s);
            const auto hold = [s, earlier, &calls](std::error_code) { ++calls; };
            s->c.stream->async_wait_readable(hold);
            if (i % 2 == 0) s->c.stream->async_wait_writable(hold);
            if (i == 3) s->c.stream->close();
            earlier = s;
        }
    }
    for (const auto& s : all) REQUIRE(s.expired());
    REQUIRE(calls == 0);
}

TEST_CASE("a stream whose descriptor has a copy is forgotten when it is closed") {
    asio::io_context io;
    auto streams = several(io, 2);
    local::socket peer{io}, mine{io};
    asio::local::connect_pair(peer, mine);
    const int copy = ::dup(mine.native_handle());
    streams[0].stream = std::make_unique<socket_stream>(std::move(mine));
    int calls = 0;
    const auto count = [&](std::error_code) { ++calls; };
    streams[0].stream->async_wait_readable(count);
    streams[1].stream->async_wait_readable(count);
    run_ready(io);
    streams[0].stream.reset();
    REQUIRE(run_ready(io));
    REQUIRE(calls == 1);
    REQUIRE(::send(peer.native_handle(), "x", 1, MSG_NOSIGNAL) == 1);
    REQUIRE(io.poll() == 0);
    ::close(copy);
}

TEST_CASE("a closed stream says so to whoever waits") {
    asio::io_context io;
    connected c{io};
    c.stream->close();
    std::error_code read, written;
    REQUIRE(c.receive() == 0);
    c.stream->async_wait_readable([&](std::error_code e) { read = e; });
    c.stream->async_wait_writable([&](std::error_code e) { written = e; });
    REQUIRE(!read);
    REQUIRE(!run_ready(io));
    REQUIRE(read == asio::error::bad_descriptor);
    REQUIRE(written == asio::error::bad_descriptor);
}

TEST_CASE(
    "without a descriptor for the poller the first to wait is told, and the next may succeed") {
    asio::io_context io;
    connected c{io};
    std::error_code error;
    int calls = 0;
    const auto note = [&](std::error_code e) {
        error = e;
        ++calls;
    };
    {
        const no_descriptors now;
        c.stream->async_wait_readable(note);
        REQUIRE(!run_ready(io));
    }
    REQUIRE(error == asio::error::no_descriptors);
    c.stream->async_wait_readable(note);
    c.send();
    REQUIRE(!run_ready(io));
    REQUIRE(!error);
    REQUIRE(calls == 2);
}

namespace {

/// A stream that is used at random, next to what poll(2), which knows no edges, says of it.
class model {
public:
    model(asio::io_context& io, std::mt19937& random) : random_{random}, peer_{io} {
        local::socket mine{io};
        asio::local::connect_pair(peer_, mine);
        peer_.non_blocking(true);
        stream_ = std::make_unique<open_stream>(std::move(mine));
    }

    /// False when it was closed.
    bool step() {
        switch (below(11)) {
            case 0:
            case 1: peer_.write_some(asio::buffer(bytes_, 1 + below(3000)), ignored_); break;
            case 2: peer_.read_some(asio::buffer(bytes_), ignored_); break;
            case 3:
            case 4: read(1 + below(1000)); break;
            case 5: write(50'000 + below(9000)); break;
            case 6:
            case 7: wait_readable(); break;
            case 8:
            case 9: wait_writable(); break;
            default:
                if (below(50) == 0) peer_.shutdown(local::socket::shutdown_send, ignored_);
                if (below(100) == 0) peer_.close(ignored_);
                if (below(50) != 0) break;
                stream_->close();
                return false;
        }
        return true;
    }

    [[nodiscard]] bool is_waiting() const { return reads_ || writes_; }
    [[nodiscard]] bool is_waiting_in_vain() const {
        return (reads_ && is(readable)) || (writes_ && is(writable));
    }
    [[nodiscard]] int calls() const { return calls_; }

private:
    struct open_stream : socket_stream {
        using socket_stream::descriptor;
        using socket_stream::socket_stream;
    };

    static constexpr short readable = POLLIN | POLLRDHUP | POLLHUP | POLLERR;
    static constexpr short writable = POLLOUT | POLLHUP | POLLERR;

    [[nodiscard]] std::size_t below(std::size_t n) { return random_() % n; }

    [[nodiscard]] bool is(short events) const {
        ::pollfd now{stream_->descriptor(), events, 0};
        return ::poll(&now, 1, 0) == 1 && (now.revents & events) != 0;
    }

    void read(std::size_t size) {
        may_have_more_ = stream_->read_some({bytes_.data(), size}, ignored_) == size;
    }

    void write(std::size_t size) {
        const std::array<asio::const_buffer, 2> halves{asio::buffer(bytes_, size / 2),
                                                       asio::buffer(bytes_, size - size / 2)};
        const std::array<asio::const_buffer, 1> whole{asio::buffer(bytes_, size)};
        const bool is_one = below(2) == 0;
        const std::span<const asio::const_buffer> parts =
            is_one ? std::span<const asio::const_buffer>{whole} : halves;
        may_have_room_ = stream_->write_some(parts, ignored_) == size;
    }

    void wait_readable() {
        if (std::exchange(reads_, true)) return;
        stream_->async_wait_readable([this](std::error_code error) {
            reads_ = false;
            ++calls_;
            if (!error) CHECK((may_have_more_ || is(readable)));
        });
    }

    void wait_writable() {
        if (std::exchange(writes_, true)) return;
        stream_->async_wait_writable([this](std::error_code error) {
            writes_ = false;
            ++calls_;
            if (!error) CHECK((may_have_room_ || is(writable)));
        });
    }

    std::mt19937& random_;
    local::socket peer_;
    std::unique_ptr<open_stream> stream_;
    std::vector<char> bytes_ = std::vector<char>(60'000, 'x');
    std::error_code ignored_;
    int calls_ = 0;
    bool reads_ = false;
    bool writes_ = false;
    bool may_have_more_ = false;
    bool may_have_room_ = false;
};

}  // namespace

TEST_CASE("whoever waits is called at once if poll says so, and only then") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    asio::io_context io;
    std::vector<std::unique_ptr<model>> all(6);
    int calls = 0;
    for (int step = 0; step < 30'000; ++step) {
        auto& one = all[random() % all.size()];
        if (!one) one = std::make_unique<model>(io, random);
        const bool is_open = one->step();
        run_ready(io);
        for (const auto& each : all) {
            if (each && each->is_waiting_in_vain()) FAIL("a wait was forgotten in step " << step);
        }
        if (is_open) continue;
        REQUIRE(!one->is_waiting());
        calls += one->calls();
        one.reset();
    }
    REQUIRE(calls > 1000);
    all.clear();
}
