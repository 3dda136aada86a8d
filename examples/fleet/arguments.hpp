#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

/// A command line of `--name value` pairs, over defaults that also say which names there are.
class arguments {
public:
    /// @throws std::invalid_argument for a name without a default or without a value.
    arguments(int count, char** words, std::map<std::string, std::string> defaults)
        : values_{std::move(defaults)} {
        for (int i = 1; i < count; i += 2) {
            const std::string_view word = words[i];
            const auto at = values_.find(std::string{word.substr(word.starts_with("--") ? 2 : 0)});
            if (!word.starts_with("--") || at == values_.end() || i + 1 == count)
                throw std::invalid_argument(usage());
            at->second = words[i + 1];
        }
    }

    [[nodiscard]] const std::string& text(const std::string& name) const {
        return values_.at(name);
    }

    /// @throws std::invalid_argument when the value is not a whole Number.
    template <class Number>
    [[nodiscard]] Number number(const std::string& name) const {
        const std::string& text = values_.at(name);
        Number value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            throw std::invalid_argument("--" + name + " " + text + ": not such a number");
        return value;
    }

private:
    [[nodiscard]] std::string usage() const {
        std::string text = "options, and what they are by default:";
        for (const auto& [name, value] : values_) text += "\n  --" + name + " " + value;
        return text;
    }

    std::map<std::string, std::string> values_;
};
