// Drives a server with trades over WebSocket and says what a message costs the server in CPU time.
//
// load_generator --port N --pid PID [--path /trades] [--bars /bars] [--connections 4]
//                [--messages 1000000] [--symbols 100] [--seed 1]
//
// All frames are made beforehand. They are written in rounds: a round ends with a ping on every
// connection, and one round is under way while the answers to the one before are awaited. So the
// connections stay abreast (no trade comes late) and after the last pong every message has been
// processed. A tenth of the messages warms the server up before the clock starts.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

struct options {
    std::uint16_t port = 0;
    int pid = 0;
    std::string path = "/trades";
    std::string bars = "/bars";
    std::size_t connections = 4;
    std::size_t messages = 1'000'000;
    std::size_t symbols = 100;
    std::uint64_t seed = 1;
};

options parse(int argc, char** argv) {
    options result;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc) throw std::runtime_error("no value for " + std::string(name));
        const std::string value = argv[i + 1];
        if (name == "--port") {
            result.port = static_cast<std::uint16_t>(std::stoul(value));
        } else if (name == "--pid") {
            result.pid = std::stoi(value);
        } else if (name == "--path") {
            result.path = value;
        } else if (name == "--bars") {
            result.bars = value;
        } else if (name == "--connections") {
            result.connections = std::stoul(value);
        } else if (name == "--messages") {
            result.messages = std::stoul(value);
        } else if (name == "--symbols") {
            result.symbols = std::stoul(value);
        } else if (name == "--seed") {
            result.seed = std::stoull(value);
        } else {
            throw std::runtime_error("unknown option " + std::string(name));
        }
    }
    if (result.port == 0 || result.pid == 0 || result.connections == 0 || result.symbols == 0) {
        throw std::runtime_error("needs --port and --pid, a connection and a symbol");
    }
    return result;
}

void append_masked_frame(std::string& out, unsigned char opcode, std::string_view payload,
                         std::uint32_t mask) {
    std::array<char, 4> key{};
    for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(mask >> (8 * i));

    out += static_cast<char>(0x80 | opcode);
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size());
    }
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += static_cast<char>(payload[i] ^ key[i % 4]);
    }
}

/// A blocking WebSocket client that counts what it receives.
class client {
public:
    client(std::uint16_t port, const std::string& path)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::system_error(errno, std::generic_category(), "connect");
        }
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        write("GET " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n");
        std::size_t end;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos) read(0);
        if (!received_.starts_with("HTTP/1.1 101 ")) {
            throw std::runtime_error("no upgrade: " + received_);
        }
        received_.erase(0, end + 4);
    }

    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client() { ::close(socket_); }

    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) throw std::system_error(errno, std::generic_category(), "send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void ping(std::size_t number) {
        std::string frame;
        append_masked_frame(frame, 0x9, std::to_string(number), 0);
        write(frame);
    }

    /// Waits for the answer to this ping or to a later one: a server may answer only the latest.
    void await_pong(std::size_t number) {
        while (answered_ <= number) {
            read(0);
            take_frames();
        }
    }

    /// Takes what has arrived, without waiting for more.
    void drain() {
        while (read(MSG_DONTWAIT)) take_frames();
    }

    std::size_t texts() const { return texts_; }

private:
    bool read(int flags) {
        std::array<char, 65536> bytes;
        const auto got = ::recv(socket_, bytes.data(), bytes.size(), flags);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "recv");
        if (got == 0) throw std::runtime_error("the server has closed a connection");
        received_.append(bytes.data(), static_cast<std::size_t>(got));
        return true;
    }

    void take_frames() {
        std::string_view rest = received_;
        for (;;) {
            if (rest.size() < 2) break;
            const int opcode = rest[0] & 0x0f;
            std::uint64_t length = static_cast<unsigned char>(rest[1]);
            const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
            if (rest.size() < 2 + extra) break;
            if (extra != 0) length = 0;
            for (std::size_t i = 0; i < extra; ++i) {
                length = length << 8 | static_cast<unsigned char>(rest[2 + i]);
            }
            if (rest.size() - 2 - extra < length) break;
            on_frame(opcode, rest.substr(2 + extra, length));
            rest.remove_prefix(2 + extra + length);
        }
        received_.erase(0, received_.size() - rest.size());
    }

    void on_frame(int opcode, std::string_view payload) {
        if (opcode == 0x1) ++texts_;
        if (opcode == 0xa) answered_ = std::stoul(std::string(payload)) + 1;
        if (opcode == 0x8) throw std::runtime_error("the server says goodbye");
        if (opcode == 0x9) {
            std::string frame;
            append_masked_frame(frame, 0xa, payload, 0);
            write(frame);
        }
    }

    int socket_;
    std::string received_;
    std::size_t answered_ = 0;  // pings up to here
    std::size_t texts_ = 0;
};

/// What each connection writes in each round.
using rounds = std::vector<std::vector<std::string>>;

constexpr std::size_t frames_a_round = 2000;
constexpr std::size_t payload_bytes = 128;

/// Trades of random symbols whose prices walk, 5 microseconds of event time apart.
rounds make_rounds(const options& settings) {
    std::mt19937_64 random(settings.seed);
    std::vector<std::uint64_t> cents(settings.symbols, 10'000);
    std::int64_t time = 1'700'000'000'000'000'000;

    const std::size_t a_round = frames_a_round * settings.connections;
    rounds result((settings.messages + a_round - 1) / a_round);
    for (std::size_t round = 0; round < result.size(); ++round) {
        result[round].resize(settings.connections);
        for (std::size_t i = 0; i < frames_a_round * settings.connections; ++i) {
            if (round * a_round + i == settings.messages) break;
            const std::size_t symbol = random() % settings.symbols;
            cents[symbol] = cents[symbol] - 5 + random() % 11;
            time += 5'000;

            std::array<char, payload_bytes + 1> text;
            const int size = std::snprintf(
                text.data(), text.size(),
                R"({"symbol":"SYM%04zu","price":%llu.%02llu,"size":%llu,"time":%lld,"venue":"XMIL","id":%zu,"flags":")",
                symbol, static_cast<unsigned long long>(cents[symbol] / 100),
                static_cast<unsigned long long>(cents[symbol] % 100),
                static_cast<unsigned long long>(1 + random() % 999), static_cast<long long>(time),
                100'000'000 + round * a_round + i);
            std::string payload(text.data(), static_cast<std::size_t>(size));
            payload.append(payload_bytes - 2 - payload.size(), '-').append("\"}");
            append_masked_frame(result[round][i % settings.connections], 0x1, payload,
                                static_cast<std::uint32_t>(random()));
        }
    }
    return result;
}

/// Nanoseconds of CPU time that the process's threads have had.
std::uint64_t cpu_time_of(int pid) {
    std::uint64_t total = 0;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::uint64_t running = 0;
        std::ifstream(task.path() / "schedstat") >> running;
        total += running;
    }
    return total;
}

void run(const options& settings) {
    const auto to_send = make_rounds(settings);

    std::vector<std::unique_ptr<client>> clients;
    for (std::size_t i = 0; i < settings.connections; ++i) {
        clients.push_back(std::make_unique<client>(settings.port, settings.path));
    }
    client subscriber(settings.port, settings.bars);

    const auto await_all = [&](std::size_t round) {
        for (auto& each : clients) each->await_pong(round);
        subscriber.drain();
    };

    const std::size_t warm_up = to_send.size() / 10;
    std::uint64_t cpu_before = 0;
    std::size_t messages = settings.messages;
    auto begin = std::chrono::steady_clock::now();
    for (std::size_t round = 0; round < to_send.size(); ++round) {
        if (round == warm_up) {
            if (round > 0) await_all(round - 1);
            messages -= warm_up * frames_a_round * settings.connections;
            cpu_before = cpu_time_of(settings.pid);
            begin = std::chrono::steady_clock::now();
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i]->write(to_send[round][i]);
            clients[i]->ping(round);
        }
        if (round > 0) await_all(round - 1);
    }
    await_all(to_send.size() - 1);

    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const auto cpu = static_cast<double>(cpu_time_of(settings.pid) - cpu_before);
    subscriber.ping(0);
    subscriber.await_pong(0);
    if (subscriber.texts() == 0) throw std::runtime_error("no bar has come");
    std::printf("cpu_ns_per_message %.1f messages_per_second %.0f messages %zu bars %zu\n",
                cpu / static_cast<double>(messages),
                static_cast<double>(messages) / elapsed.count(), messages, subscriber.texts());
}

}  // namespace

int main(int argc, char** argv) try {
    run(parse(argc, argv));
} catch (const std::exception& error) {
    std::fprintf(stderr, "load_generator: %s\n", error.what());
    return 1;
}
