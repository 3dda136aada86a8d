// The contender: libwebsockets, its service loop in one thread, on libuv (epoll); what is sent
// waits for the writable callback, as the library asks. See beast_raw.cpp.

#include <libwebsockets.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_set>

namespace {

/// With the room in front that the library wants for the header.
using message = std::shared_ptr<std::string>;

struct session {
    lws* socket;
    std::string path;
    std::string partial;  // of a message that has not come wholly
    std::deque<message> outbox;

    void send(const message& text) {
        outbox.push_back(text);
        if (outbox.size() == 1) lws_callback_on_writable(socket);
    }
};

std::unordered_set<session*> subscribers;
std::uint64_t messages = 0;

void on_message(session& from, std::string_view text) {
    ++messages;
    if (from.path == "/ingest") return;
    const auto made = std::make_shared<std::string>(LWS_PRE, '\0');
    made->append(text);
    if (from.path == "/echo") {
        from.send(made);
    } else if (from.path == "/publish") {
        for (session* each : subscribers) each->send(made);
    }
}

/// A message comes whole, nearly always; its pieces are put together elsewhere.
void on_piece(session& from, std::string_view piece) {
    const bool is_last =
        lws_is_final_fragment(from.socket) != 0 && lws_remaining_packet_payload(from.socket) == 0;
    if (is_last && from.partial.empty()) return on_message(from, piece);
    from.partial.append(piece);
    if (!is_last) return;
    on_message(from, from.partial);
    from.partial.clear();
}

/// Whether the connection goes on.
bool write(session& to) {
    while (!to.outbox.empty()) {
        std::string& front = *to.outbox.front();
        const std::size_t size = front.size() - LWS_PRE;
        auto* const bytes = reinterpret_cast<unsigned char*>(front.data()) + LWS_PRE;
        if (lws_write(to.socket, bytes, size, LWS_WRITE_TEXT) < static_cast<int>(size))
            return false;
        to.outbox.pop_front();
        if (!to.outbox.empty() && lws_send_pipe_choked(to.socket) != 0) {
            lws_callback_on_writable(to.socket);
            break;
        }
    }
    return true;
}

int on_event(lws* socket, lws_callback_reasons reason, void* user, void* bytes, std::size_t size) {
    auto* const self = static_cast<session*>(user);
    switch (reason) {
        case LWS_CALLBACK_ESTABLISHED: {
            char path[64] = "";
            lws_hdr_copy(socket, path, sizeof path, WSI_TOKEN_GET_URI);
            ::new (user) session{socket, path, {}, {}};
            if (self->path == "/fanout") subscribers.insert(self);
            break;
        }
        case LWS_CALLBACK_RECEIVE: on_piece(*self, {static_cast<const char*>(bytes), size}); break;
        case LWS_CALLBACK_SERVER_WRITEABLE: return write(*self) ? 0 : -1;
        case LWS_CALLBACK_CLOSED:
            subscribers.erase(self);
            self->~session();
            break;
        default: break;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    int port = 0;
    if (argc == 3 && std::string_view(argv[1]) == "--port") port = std::atoi(argv[2]);
    lws_set_log_level(LLL_ERR, nullptr);

    const lws_protocols protocols[] = {{"raw", on_event, sizeof(session), 4096, 0, nullptr, 0},
                                       {nullptr, nullptr, 0, 0, 0, nullptr, 0}};
    lws_context_creation_info info{};
    info.port = port;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_LIBUV;
    info.pt_serv_buf_size = 64 * 1024;
    lws_context* const context = lws_create_context(&info);
    lws_vhost* const host = context != nullptr ? lws_create_vhost(context, &info) : nullptr;
    if (host == nullptr) return 1;
    std::printf("port %d\n", lws_get_vhost_listen_port(host));
    std::fflush(stdout);

    while (lws_service(context, 0) >= 0) {
    }
}
