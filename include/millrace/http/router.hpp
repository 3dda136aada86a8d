#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
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

    void serve(const request& request, const caller& who, const responder& respond) const;

private:
    struct entry {
        std::string path;
        handler serve;
    };
    using entries = std::vector<entry>;

    [[nodiscard]] static entries::const_iterator position(const entries& in,
                                                          std::string_view path) noexcept;

    static bool insert(entries& to, std::string path, handler serve);

    [[nodiscard]] const handler* find(std::string_view path) const noexcept;

    entries exact_;
    entries prefixes_;
    handler index_;
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/router.ipp>
#endif
