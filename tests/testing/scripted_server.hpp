#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

namespace millrace::testing::tests {

/// Accepts one connection on loopback and plays a script on it, in a thread of its own.
class scripted_server {
public:
    class peer {
    public:
        explicit peer(asio::ip::tcp::socket& socket) : socket_(socket) {}

        void write(const std::string& bytes) {
            std::error_code ignored;
            asio::write(socket_, asio::buffer(bytes), ignored);
        }

        /// Reads until `enough` says so of all that has come, or the client closes.
        std::string read_until(const std::function<bool(const std::string&)>& enough) {
            std::string all;
            std::array<char, 4096> chunk;
            std::error_code error;
            while (!error && !enough(all))
                all.append(chunk.data(), socket_.read_some(asio::buffer(chunk), error));
            return all;
        }
        std::string read_head() {
            return read_until([](const auto& all) { return all.find("\r\n\r\n") != all.npos; });
        }
        std::string read(std::size_t size) {
            return read_until([&](const auto& all) { return all.size() >= size; });
        }
        std::string read_to_end() {
            return read_until([](const auto&) { return false; });
        }

    private:
        asio::ip::tcp::socket& socket_;
    };

    explicit scripted_server(std::function<void(peer&)> script)
        : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
          thread_([this, script = std::move(script)] {
              asio::ip::tcp::socket socket{context_};
              acceptor_.accept(socket);
              peer other{socket};
              script(other);
          }) {}
    ~scripted_server() { thread_.join(); }

    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::io_context context_;
    asio::ip::tcp::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace millrace::testing::tests
