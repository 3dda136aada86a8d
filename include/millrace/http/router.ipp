#pragma once

#include <millrace/http/router.hpp>

namespace millrace::http {

MILLRACE_INLINE void router::serve(const request& request, const caller& who,
                                   const responder& respond) const {
    const auto* found = find(request.path());
    if (found == nullptr) return respond(error_response(make_error_code(errc::not_found)));
    if (request.method() != "GET" && request.method() != "HEAD") {
        auto refused = error_response(make_error_code(errc::method_not_allowed));
        refused.extra_headers = "Allow: GET, HEAD\r\n";
        return respond(std::move(refused));
    }
    (*found)(request, who, respond);
}

MILLRACE_INLINE router::entries::const_iterator router::position(const entries& in,
                                                                 std::string_view path) noexcept {
    return std::find_if(in.begin(), in.end(), [&](const entry& e) { return e.path == path; });
}

MILLRACE_INLINE bool router::insert(entries& to, std::string path, handler serve) {
    if (position(to, path) != to.end()) return false;
    to.push_back({std::move(path), std::move(serve)});
    return true;
}

MILLRACE_INLINE const handler* router::find(std::string_view path) const noexcept {
    if (const auto exact = position(exact_, path); exact != exact_.end()) return &exact->serve;
    const entry* longest = nullptr;
    for (const auto& each : prefixes_) {
        const bool is_longer = longest == nullptr || each.path.size() > longest->path.size();
        if (path.starts_with(each.path) && is_longer) longest = &each;
    }
    if (longest != nullptr) return &longest->serve;
    return path == "/" && index_ ? &index_ : nullptr;
}

}  // namespace millrace::http
