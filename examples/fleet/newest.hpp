#pragma once

#include <millrace/core/schema.hpp>

/// The Analyzer whose result is the newest event: by its time, or as they come.
template <class Event, bool ByTime>
struct newest {
    void update(const Event& one) {
        if (!ByTime || one.time >= last.time) last = one;
    }
    [[nodiscard]] const Event& result() const { return last; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(last.truck);
        millrace::schema<Event>.for_each([&](const auto& field) { ar(field.get(last)); });
    }
    Event last{};
};
