#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/bearer_token.hpp>
#include <millrace/http/request.hpp>

namespace millrace {

/// Who shows this token is this principal.
struct known_token {
    std::string token;
    std::string principal{};
};

/// Whether the two are the same, in a time that tells nothing of them but their lengths.
[[nodiscard]] constexpr bool equal_in_constant_time(std::string_view a,
                                                    std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i != a.size(); ++i)
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

/// Admits who shows a token that it knows (see `bearer_token`); others get 401.
///
///     bearer_guard{{{"d41a...", "dashboard"}, {"97c0...", "gateway"}}}
///     bearer_guard{[&](std::string_view token) { return sessions.find(token); }}
///
/// A list is compared to its end with every token, in constant time for each; of a look-up of your
/// own that is yours to see to.
class bearer_guard {
public:
    /// Gives the principal that a token belongs to, if any.
    using look_up = std::function<std::optional<std::string>(std::string_view token)>;

    /// @throws std::invalid_argument for an empty token.
    bearer_guard(std::vector<known_token> known);

    bearer_guard(look_up principal_of) : principal_of_{std::move(principal_of)} {}

    [[nodiscard]] verdict admit(const http::request& request, std::string_view) const;

private:
    look_up principal_of_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/bearer_guard.ipp>
#endif
