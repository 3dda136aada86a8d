#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <millrace/publish/topic.hpp>

/// Keeps what a topic gives it.
struct listener final : millrace::detail::subscriber {
    std::vector<std::string> got;
    std::vector<std::uint64_t> subjects;
    int losses = 0;

    bool deliver(const millrace::payload& record, millrace::overflow_policy) override {
        got.emplace_back(record.bytes());
        subjects.push_back(record.subject());
        return true;
    }

    void lose() override { ++losses; }
};
