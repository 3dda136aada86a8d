#pragma once

#include <millrace/pipeline/topology.hpp>

namespace millrace::detail {

MILLRACE_INLINE void stable_hash::add(std::string_view text) noexcept {
    add(std::uint64_t{text.size()});
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
}

MILLRACE_INLINE std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 4)
        *at = "0123456789abcdef"[number & 0xF];
    return text;
}

MILLRACE_INLINE void append_word(std::string& out, std::string_view text) {
    const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{"_-./:()"}.find(c) != std::string_view::npos;
    });
    is_word ? void(out.append(text)) : append_json_string(out, text);
}

MILLRACE_INLINE std::string name_of_stream(const topology::stream& of) {
    const std::string event = of.is_updating ? "updating " + of.event : of.event;
    return of.key.empty() ? event : event + " by " + of.key;
}

MILLRACE_INLINE void append_label(std::string& out, std::string_view text) {
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

MILLRACE_INLINE void append_mermaid(std::string& out, const topology& of, std::string_view prefix) {
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

MILLRACE_INLINE void append_settings(std::string& out, const topology::stage& of, bool is_tunable) {
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

MILLRACE_INLINE void append_stream(std::string& out, const topology::stream& of) {
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

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE std::string topology::text() const {
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

MILLRACE_INLINE std::string topology::mermaid() const {
    std::string out = "flowchart LR\n";
    detail::append_mermaid(out, *this, "s");
    return out;
}

MILLRACE_INLINE std::string topology::json() const {
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

MILLRACE_INLINE std::uint64_t topology::fingerprint() const {
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
