#pragma once

#include <millrace/publish/topic.hpp>

namespace millrace {

MILLRACE_INLINE topic::topic(std::string name, std::string key_name, overflow_policy when_full,
                             key_reader read_key)
    : name_{std::move(name)},
      key_name_{std::move(key_name)},
      when_full_{when_full},
      read_key_{read_key} {}

MILLRACE_INLINE void topic::give(std::string_view record, const list* of_key) {
    const payload given{record,
                        when_full_ == overflow_policy::conflate ? subject_of(key_text_) : 0};
    give(all_, given);
    if (of_key != nullptr) give(*of_key, given);
    for (const auto& each : replicas_)
        if (each.there->subscribers() != 0)
            each.forwarder->hand_over(*each.there, key_text_, record);
}

MILLRACE_INLINE void topic::lose_records() {
    if (when_full_ != overflow_policy::disconnect) return;
    for (const detail::subscription* each : all_) end(*each);
    for (const auto& [key, followers] : by_key_)
        for (const detail::subscription* each : followers) end(*each);
}

MILLRACE_INLINE std::size_t topic::subscribers() const noexcept {
    std::size_t all = subscribers_;
    for (const auto& each : replicas_) all += each.there->subscribers();
    return all;
}

MILLRACE_INLINE std::uint64_t topic::subject_of(std::string_view key) const noexcept {
    const std::uint64_t place = std::hash<const topic*>{}(this);
    return (key_hash_(key) ^ place * 0x9e3779b97f4a7c15u) | 1u;
}

}  // namespace millrace

namespace millrace::detail {

MILLRACE_INLINE subscription::subscription(topic& from, subscriber& to,
                                           std::optional<std::string> key)
    : topic_{from}, to_{to}, key_{std::move(key)} {
    auto& list = key_ ? topic_.by_key_[*key_] : topic_.all_;
    at_ = list.size();
    list.push_back(this);
    ++topic_.subscribers_;
    if (key_) ++topic_.key_subscribers_;
}

MILLRACE_INLINE subscription::~subscription() {
    --topic_.subscribers_;
    if (!key_) {
        leave(topic_.all_);
        return;
    }
    --topic_.key_subscribers_;
    const auto of_key = topic_.by_key_.find(*key_);
    leave(of_key->second);
    if (of_key->second.empty()) topic_.by_key_.erase(of_key);
}

MILLRACE_INLINE void subscription::leave(topic::list& list) noexcept {
    list[at_] = list.back();
    list[at_]->at_ = at_;
    list.pop_back();
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE std::unique_ptr<detail::subscription> topic::subscribe(
    detail::subscriber& to, std::optional<std::string> key) {
    if (key) key = canonical_key(*key).value_or(*key);
    return std::make_unique<detail::subscription>(*this, to, std::move(key));
}

}  // namespace millrace
