// soak [SECONDS [CONNECTIONS [LOOPS]]]: a server among clients of all manners that come and go. It
// fails when the server's memory grows, or is not given back after a few large messages, a
// descriptor or a session is left over, an on_open has no on_close, or a polite client gets a wrong
// answer.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <millrace/millrace.hpp>
#include <millrace/testing/websocket_client.hpp>

#include "peer.hpp"

namespace {

using namespace soak;

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count;
}

double resident_megabytes(pid_t of) {
    std::ifstream statm{"/proc/" + std::to_string(of) + "/statm"};
    double all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096 / 1e6;
}

constexpr std::size_t largest_message_bytes = 16 * 1024 * 1024;

/// A few large messages, whole and in many fragments. False for a wrong answer.
bool send_large_messages(std::uint16_t port) {
    using namespace millrace;
    testing::websocket_client client{"127.0.0.1", port, "/measure"};
    bool is_right = true;
    for (const std::size_t size : {4u, 16u, 3u, 8u}) {
        const std::string message(largest_message_bytes / 16 * size, 'x');
        client.send_binary(message);
        std::string fragments;
        for (std::size_t at = 0; at < message.size(); at += 1000) {
            const auto piece = std::string_view{message}.substr(at, 1000);
            const auto op = at == 0 ? websocket::opcode::binary : websocket::opcode::continuation;
            char header[websocket::max_frame_header_bytes];
            const auto header_bytes = websocket::write_masked_frame_header(
                header, op, piece.size(), 0, at + 1000 >= message.size());
            fragments.append(header, header_bytes).append(piece);
        }
        client.send_raw(fragments);
        for (int i = 0; i != 2; ++i) {
            const auto answer = client.receive();
            is_right = is_right && answer && answer->payload == std::to_string(message.size());
        }
    }
    client.close();
    return is_right;
}

/// Lives in a process of its own; says what is left over when it has stopped.
int serve(int report, std::size_t loops) {
    using namespace millrace;
    struct counts {
        std::atomic<std::uint64_t> opened = 0, closed = 0;
    } seen;
    struct echo {
        counts& seen;
        void on_open(connection&) { ++seen.opened; }
        void on_close(connection&) { ++seen.closed; }
        void operator()(connection& from, std::string_view text, websocket::opcode op) {
            op == websocket::opcode::text ? from.send(text) : from.send_binary(text);
        }
    };
    struct flood : echo {
        void operator()(connection& from, std::string_view) {
            for (int i = 0; i != 200; ++i) from.send(std::string(1000, 'x'));
        }
    };

    struct measure : echo {
        void operator()(connection& from, std::string_view message) {
            from.send(std::to_string(message.size()));
        }
    };

    const auto descriptors = open_descriptors();
    std::size_t left = 0;
    {
        endpoint_options options{.port = 0,
                                 .address = "127.0.0.1",
                                 .loops = loops,
                                 .max_message_bytes = largest_message_bytes,
                                 .max_connections_per_address = 10'000,
                                 .max_handshakes_per_address = 1'000,
                                 .outbox_bytes = 128 * 1024,
                                 .outbox_high_water = 64 * 1024,
                                 .outbox_low_water = 16 * 1024,
                                 .handshake_timeout = 2s,
                                 .ping_interval = 2s,
                                 .idle_timeout = 5s,
                                 .close_timeout = 1s,
                                 .stop_timeout = 3s};
#ifdef MILLRACE_WITH_DEFLATE
        options.compression = std::make_shared<websocket::permessage_deflate>();
#endif
        endpoint<tcp> server{options};
        server.on_message("/echo", echo{seen});
        server.on_message("/flood", flood{{seen}});
        server.on_message("/measure", measure{{seen}});
        const auto port = server.port();
        if (::write(report, &port, sizeof port) != sizeof port) return 1;
        server.run();
        left = server.snapshot().counters.connections;
        const auto& c = server.snapshot().counters;
        std::printf(
            "server: %llu accepted, %llu upgrades, %llu messages, %llu frames dropped, %llu "
            "protocol errors, %llu timeouts\n",
            static_cast<unsigned long long>(c.accepted),
            static_cast<unsigned long long>(c.upgrades),
            static_cast<unsigned long long>(c.messages_in),
            static_cast<unsigned long long>(c.frames_dropped),
            static_cast<unsigned long long>(c.protocol_errors),
            static_cast<unsigned long long>(c.timeouts));
    }
    const auto leaked = open_descriptors() - descriptors;
    std::printf("server: %llu opened, %llu closed, %zu sessions left, %zu descriptors left\n",
                static_cast<unsigned long long>(seen.opened.load()),
                static_cast<unsigned long long>(seen.closed.load()), left, leaked);
    std::fflush(stdout);
    return seen.opened != 0 && seen.opened == seen.closed && left == 0 && leaked == 0 ? 0 : 1;
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t seconds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 300;
    const std::size_t connections = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
    const std::size_t loops = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 2;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    int channel[2];
    if (::pipe(channel) != 0) return 2;
    const pid_t server = ::fork();
    if (server == 0) {
        ::close(channel[0]);
        ::_exit(serve(channel[1], loops));
    }
    ::close(channel[1]);
    std::uint16_t port = 0;
    if (::read(channel[0], &port, sizeof port) != sizeof port) return 2;

    const double at_first = resident_megabytes(server);
    const bool are_large_right = send_large_messages(port);
    const double behind_large = resident_megabytes(server);
    std::printf("server memory: %.1f MB at first, %.1f MB behind messages of 16 MB\n", at_first,
                behind_large);
    const bool is_given_back = behind_large <= at_first + 4;
    if (!is_given_back) std::printf("FAILED: large messages' memory is not given back\n");

    asio::io_context io;
    world all{io, {asio::ip::address_v4::loopback(), port}, std::mt19937{2024}};
    bool is_over = false;
    std::function<void(manner)> spawn = [&](manner how) {
        std::make_shared<peer>(all, how, [&, how] {
            auto pause = std::make_shared<asio::steady_timer>(io, 200ms);
            pause->async_wait([&, how, pause](std::error_code) {
                if (!is_over) spawn(how);
            });
        })->start();
    };
    // Of ten clients five are polite.
    for (std::size_t i = 0; i != connections; ++i) {
        const auto n = i % 10;
        spawn(n < 5 ? manner::polite : static_cast<manner>(1 + n % (manners - 1)));
    }

    std::vector<double> resident;
    asio::steady_timer second{io};
    std::function<void()> watch = [&] {
        second.expires_after(1s);
        second.async_wait([&](std::error_code) {
            resident.push_back(resident_megabytes(server));
            if (resident.size() < seconds) return watch();
            is_over = true;
            io.stop();
        });
    };
    watch();
    io.run();
    ::kill(server, SIGTERM);
    int status = 0;
    ::waitpid(server, &status, 0);

    // The second fifth of the time against the last: of five minutes the second and the last.
    const auto fifth = static_cast<std::ptrdiff_t>(std::max<std::size_t>(resident.size() / 5, 1));
    const double early = median({resident.begin() + fifth, resident.begin() + 2 * fifth});
    const double late = median({resident.end() - fifth, resident.end()});
    std::ranges::sort(all.latencies);
    const auto quantile = [&](double q) {
        if (all.latencies.empty()) return 0.0;
        const auto at = static_cast<std::size_t>(q * static_cast<double>(all.latencies.size() - 1));
        return std::chrono::duration<double, std::milli>{all.latencies[at]}.count();
    };
    std::printf(
        "clients: %llu connections in %zu s, %zu echoes, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f "
        "ms, %llu wrong answers\n",
        static_cast<unsigned long long>(all.connected), seconds, all.latencies.size(),
        quantile(0.5), quantile(0.99), quantile(0.999),
        static_cast<unsigned long long>(all.wrong_answers));
    std::printf("server memory: %.1f MB in the second fifth of the time, %.1f MB in the last\n",
                early, late);
    const bool is_flat = late <= early * 1.05 + 0.5;
    if (!is_flat) std::printf("FAILED: memory grows\n");
    const bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!is_clean) std::printf("FAILED: something is left over\n");
    const bool is_right = are_large_right && all.wrong_answers == 0 && !all.latencies.empty();
    if (!is_right) std::printf("FAILED: polite clients were not served right\n");
    return is_given_back && is_flat && is_clean && is_right ? 0 : 1;
}
