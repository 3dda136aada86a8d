#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

/// A key of several parts, as `key_by(&trade::venue, &trade::symbol)` makes it:
///
///     const auto& [venue, symbol] = row.key.parts;
///
/// Its order is that of its parts, the first before all others.
///
/// As text the parts stand one behind the other with a slash in between: `XETR/SAP`. In a part `~`
/// is written `~0`, and a slash `~1`, as in RFC 6901, section 3.
template <class... Parts>
struct composite_key {
    static constexpr std::size_t size = sizeof...(Parts);

    std::tuple<Parts...> parts{};

    constexpr composite_key() = default;
    constexpr explicit composite_key(std::tuple<Parts...> of) : parts{std::move(of)} {}
    /// The same, where text is owned.
    template <class... Others>
    requires(sizeof...(Others) == size &&
             !std::same_as<composite_key<Others...>, composite_key>)  //
        constexpr explicit composite_key(const composite_key<Others...>& other)
        : parts{std::apply([](const auto&... each) { return std::tuple<Parts...>{Parts(each)...}; },
                           other.parts)} {}

    template <class Archive>
    void archive(Archive& ar) {
        std::apply([&](auto&... each) { ar(each...); }, parts);
    }

    friend constexpr auto operator<=>(const composite_key& a, const composite_key& b) {
        return a.parts <=> b.parts;
    }
};

template <class... Parts, class... Others>
requires(sizeof...(Parts) == sizeof...(Others))  //
    [[nodiscard]] constexpr bool
    operator==(const composite_key<Parts...>& a, const composite_key<Others...>& b) {
    return a.parts == b.parts;
}

template <class T>
inline constexpr bool is_composite_key = false;
template <class... Parts>
inline constexpr bool is_composite_key<composite_key<Parts...>> = true;

namespace detail {

/// The most parts that `key_by` and `per_key` take.
inline constexpr std::size_t max_key_parts = 8;

/// Escapes what stands behind `begin`, as a part of a composite key or of its name.
inline void escape_part(std::string& text, std::size_t begin) {
    for (std::size_t at = text.find_first_of("~/", begin); at != std::string::npos;
         at = text.find_first_of("~/", at + 2)) {
        text.insert(at + 1, 1, text[at] == '~' ? '0' : '1');
        text[at] = '~';
    }
}

/// The parts of a composite key's text or name; none where it is not written so.
[[nodiscard]] inline std::vector<std::string> parts_from(std::string_view written) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < written.size(); ++i) {
        if (written[i] == '/') {
            parts.emplace_back();
        } else if (written[i] != '~') {
            parts.back().push_back(written[i]);
        } else if (++i < written.size() && (written[i] == '0' || written[i] == '1')) {
            parts.back().push_back(written[i] == '0' ? '~' : '/');
        } else {
            return {};
        }
    }
    return parts;
}

}  // namespace detail

}  // namespace millrace
