#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <millrace/endpoint/frame.hpp>
#include <millrace/endpoint/options.hpp>

namespace millrace {

/// Who can be sent a topic's records.
class subscriber {
public:
    virtual ~subscriber() = default;

    /// False if the frame will not be sent; `when_full` says what else may be dropped for it. It
    /// must not end a subscription before it returns.
    virtual bool deliver(const frame&, overflow when_full) = 0;
};

class subscription;

/// A named stream of records and those who follow it: all of it, or one key.
class topic {
public:
    topic(std::string name, std::string key_name, overflow when_full = overflow::drop_oldest)
        : name_{std::move(name)}, key_name_{std::move(key_name)}, when_full_{when_full} {}
    topic(const topic&) = delete;
    topic& operator=(const topic&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// What the key is called in a record; empty where there is none.
    [[nodiscard]] const std::string& key_name() const noexcept { return key_name_; }

    /// Until the subscription is destroyed, which must be before the topic and `to` are. Takes
    /// constant time, as does the end.
    [[nodiscard]] std::unique_ptr<subscription> subscribe(subscriber& to,
                                                          std::optional<std::string> key);

    /// Gives one record to its followers. `encode()` makes the frame, `key(std::string&)` appends
    /// the record's key as text; each is called at most once, and only if it is needed.
    template <class Encode, class Key>
    void publish(Encode&& encode, Key&& key) {
        ++records_;
        const list* of_key = nullptr;
        if (!by_key_.empty()) {
            key_text_.clear();
            key(key_text_);
            if (const auto found = by_key_.find(key_text_); found != by_key_.end())
                of_key = &found->second;
        }
        if (all_.empty() && of_key == nullptr) return;
        const frame message = encode();
        give(all_, message);
        if (of_key != nullptr) give(*of_key, message);
    }

    [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
    [[nodiscard]] std::size_t subscribers() const noexcept { return subscribers_; }

private:
    friend class subscription;
    using list = std::vector<subscription*>;

    inline void give(const list& to, const frame& message) const;

    std::string name_;
    std::string key_name_;
    overflow when_full_;
    list all_;
    std::unordered_map<std::string, list> by_key_;
    std::string key_text_;
    std::uint64_t records_ = 0;
    std::size_t subscribers_ = 0;
};

/// One subscriber's place in a topic.
class subscription {
public:
    subscription(topic& from, subscriber& to, std::optional<std::string> key)
        : topic_{from}, to_{to}, key_{std::move(key)} {
        auto& list = key_ ? topic_.by_key_[*key_] : topic_.all_;
        at_ = list.size();
        list.push_back(this);
        ++topic_.subscribers_;
    }
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;

    ~subscription() {
        --topic_.subscribers_;
        if (!key_) {
            leave(topic_.all_);
            return;
        }
        const auto of_key = topic_.by_key_.find(*key_);
        leave(of_key->second);
        if (of_key->second.empty()) topic_.by_key_.erase(of_key);
    }

private:
    friend class topic;

    void leave(topic::list& list) noexcept {
        list[at_] = list.back();
        list[at_]->at_ = at_;
        list.pop_back();
    }

    topic& topic_;
    subscriber& to_;
    std::optional<std::string> key_;
    std::size_t at_ = 0;
};

inline std::unique_ptr<subscription> topic::subscribe(subscriber& to,
                                                      std::optional<std::string> key) {
    return std::make_unique<subscription>(*this, to, std::move(key));
}

inline void topic::give(const list& to, const frame& message) const {
    for (const subscription* each : to) each->to_.deliver(message, when_full_);
}

}  // namespace millrace
