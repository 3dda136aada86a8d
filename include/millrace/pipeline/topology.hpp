#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/json_string.hpp>

namespace millrace {

/// What a pipeline is made of, as `describe` says it: its stages in the order in which events come
/// by them, and what leads from one to another.
struct topology {
    struct setting {
        std::string name{};
        std::string value{};      ///< "1m30s" for a duration
        bool is_number = false;   ///< the value is a decimal integer, true or false
        bool is_tunable = false;  ///< may be changed without that a saved state means another
    };
    struct field {
        std::string name{};
        std::string type{};  ///< "text", "int64", "float64?" where it may be absent, ...
    };
    /// What goes from one stage to the next.
    struct stream {
        std::string event{};  ///< the type's name in the program
        /// As its schema says, none without; of a record its key and the result's, without those
        /// that all records have.
        std::vector<field> fields{};
        std::string key{};         ///< what its key is called; empty without
        std::string time{};        ///< "none", "shared", or "per key"
        bool is_updating = false;  ///< what was said may be corrected
    };
    struct stage {
        std::string id{};        ///< its place and name, "3_window", as in the metrics
        std::string name{};      ///< what kind of stage it is
        std::string identity{};  ///< likewise, for the fingerprint: "stage" for an unnamed one
        std::vector<setting> settings{};
        stream output{};  ///< of a tee: what each branch gets
    };
    struct edge {
        std::size_t from = 0;  ///< an index of `stages`
        std::size_t to = 0;
    };

    std::vector<stage> stages{};
    std::vector<edge> edges{};

    /// A line a stage: `3_window: kind tumbling, size 1s; max_keys 1000000 -> trade by symbol`.
    /// Behind the semicolon stands what is tunable. Inputs are said where they are not the stage of
    /// the line before.
    [[nodiscard]] std::string text() const;

    /// A flowchart for https://mermaid.js.org: what can be tuned is left out.
    [[nodiscard]] std::string mermaid() const;

    /// {"fingerprint":"1f0c...","stages":[{"id":...,"name":...,"settings":{...},"tunable":{...},
    /// "output":{"event":...,"fields":[{"name":...,"type":...}],"key":...,"time":...,"updating":false}}],
    /// "edges":[{"from":...,"to":...}]}; a key only where there is one.
    [[nodiscard]] std::string json() const;

    /// What says whether a saved state is of this pipeline: the same for every build, compiler and
    /// machine. A stage that is added, removed or moved changes it, as does a setting that is not
    /// tunable, the key, the kind of time, and a name or type in a schema of an event or result.
    /// It does not see what a function or a class of the user's does, nor their names, but for the
    /// class of an analyzer without a `name`. 64 bits of FNV-1a, which is no guard against those
    /// who forge.
    [[nodiscard]] std::uint64_t fingerprint() const;
};

namespace detail {

/// Makes one hash of a list of texts and numbers.
class stable_hash {
public:
    void add(std::uint64_t number) noexcept {
        for (int shift = 0; shift < 64; shift += 8) add_byte(number >> shift & 0xFF);
    }
    void add(std::string_view text) noexcept {
        add(std::uint64_t{text.size()});
        for (const char c : text) add_byte(static_cast<unsigned char>(c));
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

private:
    void add_byte(std::uint64_t byte) noexcept { state_ = (state_ ^ byte) * 0x100000001b3u; }

    std::uint64_t state_ = 0xcbf29ce484222325u;
};

[[nodiscard]] inline std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 4)
        *at = "0123456789abcdef"[number & 0xF];
    return text;
}

/// As it is where that reads as one word, else quoted.
inline void append_word(std::string& out, std::string_view text) {
    const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{"_-./:()"}.find(c) != std::string_view::npos;
    });
    is_word ? void(out.append(text)) : append_json_string(out, text);
}

/// "updating record by symbol"
[[nodiscard]] inline std::string name_of_stream(const topology::stream& of) {
    const std::string event = of.is_updating ? "updating " + of.event : of.event;
    return of.key.empty() ? event : event + " by " + of.key;
}

/// Text in a quoted label of Mermaid, where nothing of it means anything.
inline void append_label(std::string& out, std::string_view text) {
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') ||
                              std::string_view{" _-.,:/()"}.find(c) != std::string_view::npos;
        if (is_plain || static_cast<unsigned char>(c) >= 0x80) {
            out += c;
        } else if (static_cast<unsigned char>(c) < ' ') {
            out += ' ';
        } else {
            out.append("#").append(std::to_string(int{c})).append(";");
        }
    }
}

/// The lines of a flowchart, of which several pipelines have one: each with a prefix of its own.
inline void append_mermaid(std::string& out, const topology& of, std::string_view prefix) {
    const auto id_of = [&](std::size_t i) { return std::string{prefix} + std::to_string(i + 1); };
    for (std::size_t i = 0; i < of.stages.size(); ++i) {
        out.append("    ").append(id_of(i)).append("[\"");
        append_label(out, of.stages[i].name);
        for (const auto& each : of.stages[i].settings) {
            if (each.is_tunable) continue;
            out += "<br>";
            append_label(out, each.name + " " + each.value);
        }
        out += "\"]\n";
    }
    for (const auto& each : of.edges) {
        out.append("    ").append(id_of(each.from)).append(" -->|\"");
        append_label(out, name_of_stream(of.stages[each.from].output));
        out.append("\"| ").append(id_of(each.to)).append("\n");
    }
}

inline void append_settings(std::string& out, const topology::stage& of, bool is_tunable) {
    char separator = '{';
    for (const auto& each : of.settings) {
        if (each.is_tunable != is_tunable) continue;
        out += std::exchange(separator, ',');
        append_json_string(out, each.name);
        out += ':';
        each.is_number ? void(out.append(each.value)) : append_json_string(out, each.value);
    }
    out += separator == '{' ? "{}" : "}";
}

inline void append_stream(std::string& out, const topology::stream& of) {
    out += R"({"event":)";
    append_json_string(out, of.event);
    out += R"(,"fields":)";
    char separator = '[';
    for (const auto& each : of.fields) {
        (out += std::exchange(separator, ',')) += R"({"name":)";
        append_json_string(out, each.name);
        out += R"(,"type":)";
        append_json_string(out, each.type);
        out += '}';
    }
    out += separator == '[' ? "[]" : "]";
    if (!of.key.empty()) {
        out += R"(,"key":)";
        append_json_string(out, of.key);
    }
    out += R"(,"time":)";
    append_json_string(out, of.time);
    out += of.is_updating ? R"(,"updating":true})" : R"(,"updating":false})";
}

}  // namespace detail

inline std::string topology::text() const {
    std::string out;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        out += stages[i].id;
        std::vector<std::size_t> inputs;
        for (const auto& each : edges)
            if (each.to == i) inputs.push_back(each.from);
        const bool is_next = inputs.size() == 1 && inputs.front() + 1 == i;
        const char* separator = " <- ";
        for (const std::size_t from : inputs) {
            if (is_next) break;
            out.append(std::exchange(separator, ", ")).append(stages[from].id);
        }
        separator = ": ";
        for (const bool is_tunable : {false, true}) {
            if (is_tunable && *separator == ',') separator = "; ";
            for (const auto& each : stages[i].settings) {
                if (each.is_tunable != is_tunable) continue;
                out.append(std::exchange(separator, ", ")).append(each.name).append(" ");
                detail::append_word(out, each.value);
            }
        }
        const stream& output = stages[i].output;
        out.append(" -> ").append(detail::name_of_stream(output));
        const auto has_same = [&](std::size_t from) {
            return stages[from].output.event == output.event &&
                   std::ranges::equal(stages[from].output.fields, output.fields, {}, &field::name,
                                      &field::name);
        };
        if (!inputs.empty() && std::ranges::all_of(inputs, has_same)) {
            out += '\n';
            continue;
        }
        separator = " {";
        for (const auto& each : output.fields) {
            out += std::exchange(separator, ", ");
            detail::append_word(out, each.name);
            out.append(" ").append(each.type);
        }
        out += output.fields.empty() ? "\n" : "}\n";
    }
    return out;
}

inline std::string topology::mermaid() const {
    std::string out = "flowchart LR\n";
    detail::append_mermaid(out, *this, "s");
    return out;
}

inline std::string topology::json() const {
    std::string out = R"({"fingerprint":")" + detail::hexadecimal(fingerprint()) + R"(","stages":)";
    char separator = '[';
    for (const auto& each : stages) {
        (out += std::exchange(separator, ',')) += R"({"id":)";
        append_json_string(out, each.id);
        out += R"(,"name":)";
        append_json_string(out, each.name);
        out += R"(,"settings":)";
        detail::append_settings(out, each, false);
        out += R"(,"tunable":)";
        detail::append_settings(out, each, true);
        out += R"(,"output":)";
        detail::append_stream(out, each.output);
        out += '}';
    }
    out += separator == '[' ? R"([],"edges":)" : R"(],"edges":)";
    separator = '[';
    for (const auto& each : edges) {
        (out += std::exchange(separator, ',')) += R"({"from":)";
        append_json_string(out, stages[each.from].id);
        out += R"(,"to":)";
        append_json_string(out, stages[each.to].id);
        out += '}';
    }
    out += separator == '[' ? "[]}" : "]}";
    return out;
}

inline std::uint64_t topology::fingerprint() const {
    detail::stable_hash hash;
    hash.add("millrace topology 1");
    hash.add(stages.size());
    for (const auto& each : stages) {
        hash.add(each.identity);
        hash.add(std::uint64_t(std::ranges::count(each.settings, false, &setting::is_tunable)));
        for (const auto& s : each.settings) {
            if (s.is_tunable) continue;
            hash.add(s.name);
            hash.add(s.value);
        }
        hash.add(each.output.key);
        hash.add(each.output.time);
        hash.add(std::uint64_t{each.output.is_updating});
        hash.add(each.output.fields.size());
        for (const auto& f : each.output.fields) {
            hash.add(f.name);
            hash.add(f.type);
        }
    }
    for (const auto& each : edges) {
        hash.add(each.from);
        hash.add(each.to);
    }
    return hash.value();
}

}  // namespace millrace
