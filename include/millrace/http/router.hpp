#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>

namespace millrace::http {

/// Who makes a request.
struct caller {
    std::string principal{};  ///< as the guard says, or the certificate; empty for nobody
    std::string address{};    ///< the client's, where a trusted proxy names it; else the peer's
    std::string peer{};       ///< the address of the other end of the connection
};

using handler = std::function<void(const request&, const caller&, const responder&)>;

/// Finds who answers an HTTP request: the route of exactly its path, else the one of the longest
/// prefix. Only GET and HEAD are served.
class router {
public:
    /// False if the path is taken.
    bool add(std::string path, handler serve) {
        return insert(exact_, std::move(path), std::move(serve));
    }

    /// Requests for all paths that begin with `prefix`.
    bool add_prefix(std::string prefix, handler serve) {
        return insert(prefixes_, std::move(prefix), std::move(serve));
    }

    /// Requests for "/", where no other route is there for it.
    void add_index(handler serve) { index_ = std::move(serve); }

    [[nodiscard]] bool has(std::string_view path) const noexcept {
        return position(exact_, path) != exact_.end();
    }

    void serve(const request& request, const caller& who, const responder& respond) const {
        const auto* found = find(request.path());
        if (found == nullptr) return respond(error_response(make_error_code(errc::not_found)));
        if (request.method() != "GET" && request.method() != "HEAD") {
            auto refused = error_response(make_error_code(errc::method_not_allowed));
            refused.extra_headers = "Allow: GET, HEAD\r\n";
            return respond(std::move(refused));
        }
        (*found)(request, who, respond);
    }

private:
    struct entry {
        std::string path;
        handler serve;
    };
    using entries = std::vector<entry>;

    [[nodiscard]] static entries::const_iterator position(const entries& in,
                                                          std::string_view path) noexcept {
        return std::find_if(in.begin(), in.end(), [&](const entry& e) { return e.path == path; });
    }

    static bool insert(entries& to, std::string path, handler serve) {
        if (position(to, path) != to.end()) return false;
        to.push_back({std::move(path), std::move(serve)});
        return true;
    }

    [[nodiscard]] const handler* find(std::string_view path) const noexcept {
        if (const auto exact = position(exact_, path); exact != exact_.end()) return &exact->serve;
        const entry* longest = nullptr;
        for (const auto& each : prefixes_) {
            const bool is_longer = longest == nullptr || each.path.size() > longest->path.size();
            if (path.starts_with(each.path) && is_longer) longest = &each;
        }
        if (longest != nullptr) return &longest->serve;
        return path == "/" && index_ ? &index_ : nullptr;
    }

    entries exact_;
    entries prefixes_;
    handler index_;
};

}  // namespace millrace::http
