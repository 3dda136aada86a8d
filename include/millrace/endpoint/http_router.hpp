#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/endpoint/http_answer.hpp>
#include <millrace/websocket/request.hpp>

namespace millrace {

using http_handler = std::function<void(const websocket::request&, const responder&)>;

/// Finds who answers an HTTP request: the route of exactly its path, else the one of the longest
/// prefix. Only GET and HEAD are served.
class http_router {
public:
    /// False if the path is taken.
    bool add(std::string path, http_handler handler) {
        return insert(exact_, std::move(path), std::move(handler));
    }

    /// Requests for all paths that begin with `prefix`.
    bool add_prefix(std::string prefix, http_handler handler) {
        return insert(prefixes_, std::move(prefix), std::move(handler));
    }

    [[nodiscard]] bool has(std::string_view path) const noexcept {
        return position(exact_, path) != exact_.end();
    }

    void serve(const websocket::request& request, const responder& respond) const {
        const auto* handler = find(request.path());
        if (handler == nullptr) return respond(http_error(make_error_code(errc::not_found)));
        if (request.method() != "GET" && request.method() != "HEAD") {
            auto refused = http_error(make_error_code(errc::method_not_allowed));
            refused.extra_headers = "Allow: GET, HEAD\r\n";
            return respond(std::move(refused));
        }
        (*handler)(request, respond);
    }

private:
    struct entry {
        std::string path;
        http_handler handler;
    };
    using entries = std::vector<entry>;

    [[nodiscard]] static entries::const_iterator position(const entries& in,
                                                          std::string_view path) noexcept {
        return std::find_if(in.begin(), in.end(), [&](const entry& e) { return e.path == path; });
    }

    static bool insert(entries& to, std::string path, http_handler handler) {
        if (position(to, path) != to.end()) return false;
        to.push_back({std::move(path), std::move(handler)});
        return true;
    }

    [[nodiscard]] const http_handler* find(std::string_view path) const noexcept {
        if (const auto exact = position(exact_, path); exact != exact_.end())
            return &exact->handler;
        const entry* longest = nullptr;
        for (const auto& each : prefixes_) {
            const bool is_longer = longest == nullptr || each.path.size() > longest->path.size();
            if (path.starts_with(each.path) && is_longer) longest = &each;
        }
        return longest != nullptr ? &longest->handler : nullptr;
    }

    entries exact_;
    entries prefixes_;
};

}  // namespace millrace
