// A rule is asked for an action, a topic, a key and a principal.
#include <millrace/endpoint/options.hpp>

using key_asked = std::optional<std::string>;

const millrace::endpoint_options options{
#ifdef MUST_FAIL
    // expect: may needs: a copyable function that is called as bool(endpoint_action what, std::string_view topic, const std::optional<std::string>& key, std::string_view principal)
    .may = [](millrace::endpoint_action, std::string_view, std::string_view) { return true; }
#else
    .may = [](millrace::endpoint_action, std::string_view, const key_asked&,
              std::string_view) { return true; }
#endif
};
