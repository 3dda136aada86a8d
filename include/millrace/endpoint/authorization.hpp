#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millrace {

/// What somebody may do at an endpoint.
enum class endpoint_action {
    follow,   ///< get a topic's records as they come
    read,     ///< get a topic's stored records, from /api/topics/NAME
    send,     ///< give events to an input, over WebSocket or by POST
    observe,  ///< see /metrics or /api/topology
};

/// Who may do what: `endpoint_options::may`.
///
/// | `what`   | `topic`                                        | `key`                           |
/// |----------|------------------------------------------------|---------------------------------|
/// | `follow` | its name                                       | the one asked for; none for all |
/// | `read`   | its name                                       | likewise                        |
/// | `send`   | the input's name, or that of its duplex path,  | none                            |
/// |          | without the slash, where the input has none    |                                 |
/// | `observe`| "metrics" or "topology"                        | none                            |
///
/// `principal` is who the guard says that it is (`verdict::principal`), else the subject of the
/// client's certificate; empty for nobody in particular. It is asked before each upgrade (a duplex
/// path needs `send`, and `follow` for each of its topics: who may only one of the two uses the
/// path of that one) and each HTTP answer. A connection keeps what it was granted until its end.
/// False is answered with 403; after a token in a first message, with close 1008. What it throws is
/// answered with 500.
///
/// A key comes as the one text that it has in its topic (`7` for `007` where keys are integers).
///
/// It is called in the loop of whoever asks, so from all of an endpoint's threads at once, and it
/// must not wait.
class authorization_rule {
public:
    using function =
        std::function<bool(endpoint_action what, std::string_view topic,
                           const std::optional<std::string>& key, std::string_view principal)>;

    /// No rule: see `endpoint_options::may`.
    authorization_rule() = default;

    template <class Rule>
    requires(!std::same_as<Rule, authorization_rule>) authorization_rule(Rule rule) {
        constexpr bool is_rule =
            std::is_invocable_r_v<bool, Rule&, endpoint_action, std::string_view,
                                  const std::optional<std::string>&, std::string_view> &&
            std::copy_constructible<Rule>;
        static_assert(is_rule,
                      "may needs: a copyable function that is called as bool(endpoint_action what, "
                      "std::string_view topic, const std::optional<std::string>& key, "
                      "std::string_view principal) (see millrace/endpoint/authorization.hpp)");
        if constexpr (is_rule) function_ = std::move(rule);
    }

    [[nodiscard]] explicit operator bool() const noexcept { return function_ != nullptr; }

    [[nodiscard]] bool operator()(endpoint_action what, std::string_view topic,
                                  const std::optional<std::string>& key,
                                  std::string_view principal) const {
        return function_(what, topic, key, principal);
    }

private:
    function function_;
};

}  // namespace millrace
