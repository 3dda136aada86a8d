// The contender: Boost.Beast, as its fast server examples use it: one thread, asynchronous calls, a
// flat_buffer a connection. Concrete executors, no timeouts, no compression.
//
// Texts on /ingest are counted, on /echo sent back; those on /publish go to all of /fanout.
//
// beast_raw [--port N]   prints the port

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using executor = asio::io_context::executor_type;
using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using beast::error_code;

class session;

struct shared_state {
    std::unordered_set<session*> subscribers;
    std::uint64_t messages = 0;
};

class session : public std::enable_shared_from_this<session> {
public:
    session(socket stream, shared_state& state) : stream_(std::move(stream)), state_(state) {}
    ~session() { state_.subscribers.erase(this); }

    void run() {
        beast::http::async_read(stream_.next_layer(), buffer_, request_,
                                [self = shared_from_this()](error_code error, std::size_t) {
                                    if (!error) self->upgrade();
                                });
    }

    void send(std::shared_ptr<const std::string> text) {
        outbox_.push_back(std::move(text));
        if (outbox_.size() == 1) write();
    }

private:
    void upgrade() {
        const auto target = request_.target();
        path_ = std::string(target.data(), target.size());
        stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
            if (error) return;
            self->request_ = {};
            if (self->path_ == "/fanout") self->state_.subscribers.insert(self.get());
            self->read();
        });
    }

    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
            if (!error) self->on_message();
        });
    }

    void on_message() {
        if (path_ == "/echo") {
            stream_.text(stream_.got_text());
            stream_.async_write(buffer_.data(),
                                [self = shared_from_this()](error_code error, std::size_t) {
                                    if (!error) self->next();
                                });
            return;
        }
        ++state_.messages;
        if (path_ == "/publish") {
            const auto text = std::make_shared<const std::string>(
                static_cast<const char*>(buffer_.data().data()), buffer_.size());
            for (session* each : state_.subscribers) each->send(text);
        }
        next();
    }

    void next() {
        buffer_.consume(buffer_.size());
        read();
    }

    void write() {
        stream_.async_write(asio::buffer(*outbox_.front()),
                            [self = shared_from_this()](error_code error, std::size_t) {
                                if (error) return;
                                self->outbox_.pop_front();
                                if (!self->outbox_.empty()) self->write();
                            });
    }

    beast::websocket::stream<socket, false> stream_;  // without permessage-deflate
    shared_state& state_;
    beast::flat_buffer buffer_;
    beast::http::request<beast::http::empty_body> request_;
    std::string path_;
    std::deque<std::shared_ptr<const std::string>> outbox_;
};

class listener {
public:
    listener(asio::io_context& io, std::uint16_t port, shared_state& state)
        : acceptor_(io, {asio::ip::address_v4::loopback(), port}), state_(state) {
        acceptor_.listen(4096);
        accept();
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept() {
        acceptor_.async_accept([this](error_code error, socket stream) {
            if (!error) {
                stream.set_option(asio::ip::tcp::no_delay(true));
                std::make_shared<session>(std::move(stream), state_)->run();
            }
            accept();
        });
    }

    asio::basic_socket_acceptor<asio::ip::tcp, executor> acceptor_;
    shared_state& state_;
};

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    if (argc == 3 && std::string_view(argv[1]) == "--port") {
        port = std::uint16_t(std::atoi(argv[2]));
    }
    shared_state state;
    asio::io_context io(1);
    listener server(io, port, state);
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    io.run();
}
