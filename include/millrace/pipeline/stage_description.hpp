#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/analyzers/named.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/codec/text.hpp>
#include <millrace/core/fixed_string.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/pipeline/detail/setting_text.hpp>
#include <millrace/pipeline/topology.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

namespace detail {

template <class Analyzer>
[[nodiscard]] std::string analyzer_text();

}  // namespace detail

/// What a stage tells of itself, by its member `describe(to)`. A value is a text, a number, a bool,
/// a duration or an enumeration with a schema.
class stage_description {
public:
    explicit stage_description(topology::stage& of) : of_{of} {}

    /// The analyzer's name, what it looks at and how it is set: "summary(count, mean(price))".
    template <class Analyzer>
    void analyzer() {
        setting("analyzer", detail::analyzer_text<Analyzer>());
    }

    /// What keeps the records, if anything does, with those of its options that it tells.
    template <template <class> class Storage, class Options>
    void storage(const Options& options) {
        using storage_type = Storage<detail::probe_record>;
        if constexpr (!std::same_as<storage_type, null_storage<detail::probe_record>>) {
            tunable("storage", detail::type_name<storage_type>());
            if constexpr (requires { options.describe(*this); }) options.describe(*this);
        }
    }

    /// Which field is picked, said only where it is not `otherwise`.
    template <class Projection>
    void projection(std::string_view name, const Projection& of,
                    const std::string& otherwise = {}) {
        setting(name, detail::projection_name(of), otherwise);
    }

    /// What decides what comes out, so that a saved state means another if it is changed.
    template <class Value>
    void setting(std::string_view name, const Value& value) {
        add(name, value, false);
    }
    /// Likewise, said only where it is not `otherwise`.
    template <class Value>
    void setting(std::string_view name, const Value& value, const Value& otherwise) {
        if (!(value == otherwise)) add(name, value, false);
    }

    /// What may be changed between two runs of one pipeline: a limit, a timeout, a file.
    template <class Value>
    void tunable(std::string_view name, const Value& value) {
        add(name, value, true);
    }
    template <class Value>
    void tunable(std::string_view name, const Value& value, const Value& otherwise) {
        if (!(value == otherwise)) add(name, value, true);
    }

private:
    template <class Value>
    void add(std::string_view name, const Value& value, bool is_tunable) {
        if constexpr (detail::is_duration<Value>) {
            put(name, detail::duration_text(value), false, is_tunable);
        } else if constexpr (std::convertible_to<const Value&, std::string_view>) {
            put(name, std::string{std::string_view{value}}, false, is_tunable);
        } else {
            std::string text;
            append_text(text, value);
            put(name, std::move(text), std::is_arithmetic_v<Value>, is_tunable);
        }
    }

    void put(std::string_view name, std::string value, bool is_number, bool is_tunable) {
        of_.settings.push_back({std::string{name}, std::move(value), is_number, is_tunable});
    }

    topology::stage& of_;
};

namespace detail {

/// What an analyzer is made with, where its template says that; else nothing.
template <class Analyzer>
struct analyzer_arguments {
    static void append(std::vector<std::string>&) {}
};
template <template <auto...> class Analyzer, auto... Projections>
struct analyzer_arguments<Analyzer<Projections...>> {
    static void append(std::vector<std::string>& to) {
        (to.push_back(projection_name(Projections)), ...);
    }
};
template <template <auto, class> class Analyzer, auto Projection, class Options>
struct analyzer_arguments<Analyzer<Projection, Options>> {
    static void append(std::vector<std::string>& to) { to.push_back(projection_name(Projection)); }
};
template <class... Parts>
struct analyzer_arguments<summary<Parts...>> {
    static void append(std::vector<std::string>& to) {
        (to.push_back(analyzer_text<Parts>()), ...);
    }
};
template <fixed_string Name, class Analyzer>
struct analyzer_arguments<named<Name, Analyzer>> {
    static void append(std::vector<std::string>& to) { to.push_back(analyzer_text<Analyzer>()); }
};

template <class Analyzer>
std::string analyzer_text() {
    std::vector<std::string> arguments;
    analyzer_arguments<Analyzer>::append(arguments);
    if constexpr (requires(stage_description & to) { Analyzer::describe(to); }) {
        topology::stage own;
        stage_description to{own};
        Analyzer::describe(to);
        for (const auto& each : own.settings) arguments.push_back(each.name + " " + each.value);
    }
    std::string text;
    if constexpr (requires { Analyzer::name.view(); }) {
        text = Analyzer::name.view();
    } else {
        text = type_name<Analyzer>();
    }
    const char* separator = "(";
    for (const auto& each : arguments) text.append(std::exchange(separator, ", ")).append(each);
    return arguments.empty() ? text : text + ")";
}

}  // namespace detail

}  // namespace millrace
