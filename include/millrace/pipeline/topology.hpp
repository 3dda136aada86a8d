#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>

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
    /// class of an analyzer without a `name` and of a window without `describe`, of both without
    /// namespace and template arguments. 64 bits of FNV-1a, which is no guard against those who
    /// forge.
    [[nodiscard]] std::uint64_t fingerprint() const;
};

namespace detail {

/// Makes one hash of a list of texts and numbers.
class stable_hash {
public:
    void add(std::uint64_t number) noexcept {
        for (int shift = 0; shift < 64; shift += 8) add_byte(number >> shift & 0xFF);
    }
    void add(std::string_view text) noexcept;
    [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

private:
    void add_byte(std::uint64_t byte) noexcept { state_ = (state_ ^ byte) * 0x100000001b3u; }

    std::uint64_t state_ = 0xcbf29ce484222325u;
};

[[nodiscard]] std::string hexadecimal(std::uint64_t number);

/// As it is where that reads as one word, else quoted.
void append_word(std::string& out, std::string_view text);

/// "updating record by symbol"
[[nodiscard]] std::string name_of_stream(const topology::stream& of);

/// Text in a quoted label of Mermaid, where nothing of it means anything.
void append_label(std::string& out, std::string_view text);

/// The lines of a flowchart, of which several pipelines have one: each with a prefix of its own.
void append_mermaid(std::string& out, const topology& of, std::string_view prefix);

void append_settings(std::string& out, const topology::stage& of, bool is_tunable);

void append_stream(std::string& out, const topology::stream& of);

}  // namespace detail

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/pipeline/topology.ipp>
#endif
