#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/endpoint/guard.hpp>
#include <millrace/http/request.hpp>

namespace millrace {

/// Leaves some paths open to everybody, as nobody in particular, and asks `Guard` for the others:
/// so a page and its scripts load before there is a token.
///
///     public_paths{{"/", "/app.js", "/static/*"}, bearer_guard{{{"d41a...", "dashboard"}}}}
///
/// A path is that one alone; one that ends in `/*` is all that begin with what is before the star.
/// They are compared as `http::request::path` gives them: decoded, upper and lower case apart, and
/// requests with dot segments are refused before. A pipeline's input or topic that is named here is
/// open as well, as far as `endpoint_options::may` lets nobody in particular do what it asks.
///
/// Guards that are to hold on public paths too go around it:
/// `all_of{rate_guard{...}, public_paths{...}}`. Asynchronous if `Guard` is.
template <class Guard>
class public_paths {
    static_assert((require_guard<Guard>(), true));

public:
    /// @throws std::invalid_argument for a path that does not begin with a slash, or with a star
    /// elsewhere than behind the last one.
    public_paths(std::vector<std::string> paths, Guard guard)
        : paths_{std::move(paths)}, guard_{std::move(guard)} {
        for (const auto& each : paths_) {
            const auto star = each.find('*');
            const bool is_prefix = each.ends_with("/*") && star == each.size() - 1;
            if (!each.starts_with('/') || (star != each.npos && !is_prefix))
                throw std::invalid_argument{"public_paths: \"" + each +
                                            "\" is no path, such as \"/page\" or \"/static/*\""};
        }
    }

    [[nodiscard]] verdict admit(const http::request& request,
                                std::string_view remote_address) requires synchronous_guard<Guard> {
        if (is_public(request.path())) return verdict::pass();
        return verdict{guard_.admit(request, remote_address)};
    }

    void admit(std::shared_ptr<const http::request> request, std::string remote_address,
               verdict_handler reply) requires(!synchronous_guard<Guard>) {
        if (is_public(request->path())) return reply(verdict::pass());
        guard_.admit(std::move(request), std::move(remote_address), std::move(reply));
    }

    [[nodiscard]] bool is_public(std::string_view path) const noexcept {
        return std::any_of(paths_.begin(), paths_.end(), [&](std::string_view each) {
            if (!each.ends_with('*')) return path == each;
            return path.starts_with(each.substr(0, each.size() - 1));
        });
    }

private:
    std::vector<std::string> paths_;
    Guard guard_;
};

}  // namespace millrace
