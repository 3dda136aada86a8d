#pragma once

#include <millrace/publish/detail/publication.hpp>

namespace millrace::detail {

MILLRACE_INLINE history* publication::find_history(std::string_view topic) const noexcept {
    for (const auto& each : histories)
        if (each.topic == topic) return each.records.get();
    return nullptr;
}

MILLRACE_INLINE std::pair<const topic*, history*> find_topic(const publications& all,
                                                             std::string_view name) noexcept {
    for (const auto& each : all)
        for (const auto& t : each->topics)
            if (t->name() == name) return {t.get(), each->find_history(name)};
    return {nullptr, nullptr};
}

}  // namespace millrace::detail
