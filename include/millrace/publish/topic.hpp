#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/codec/text.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/counter.hpp>
#include <millrace/core/keyed_map.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/publish/payload.hpp>

namespace millrace {

class topic;

namespace detail {

class subscription;

/// Who can be sent a topic's records.
class subscriber {
public:
    virtual ~subscriber() = default;

    /// False if the record will not be sent; `when_full` says what else may be dropped for it. It
    /// must not end a subscription before it returns.
    virtual bool deliver(const payload& record, overflow_policy when_full) = 0;

    /// Some records were lost on the way to it, though it is to get all or be disconnected.
    virtual void lose() {}
};

/// The way to the followers that a topic has in another loop.
class record_forwarder {
public:
    virtual ~record_forwarder() = default;

    /// Has `there`, a topic of the other loop, publish a record. The key may be empty if nobody
    /// follows one there.
    virtual void hand_over(topic& there, std::string_view key, std::string_view record) = 0;
};

}  // namespace detail

/// A named stream of records and those who follow it: all of it, or one key. It belongs to one
/// thread; followers in others have a topic of their own, a replica of this one.
class topic {
public:
    using key_reader = std::optional<std::string> (*)(std::string_view written);

    /// `read_key` is `canonical_key` of the type that the records' keys have.
    topic(std::string name, std::string key_name,
          overflow_policy when_full = overflow_policy::drop_oldest,
          key_reader read_key = &millrace::canonical_key<std::string>);
    topic(const topic&) = delete;
    topic& operator=(const topic&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// What the key is called in a record; empty where there is none.
    [[nodiscard]] const std::string& key_name() const noexcept { return key_name_; }

    /// The one text of the key that `written` means, by which it is followed, looked up in history
    /// and asked permission for: `7` for `007` where keys are integers. Empty where it is no key of
    /// this topic.
    [[nodiscard]] std::optional<std::string> canonical_key(std::string_view written) const {
        return read_key_(written);
    }

    /// Until the subscription is destroyed, which must be before the topic and `to` are. Takes
    /// constant time, as does the end. Nothing comes of what is no key of this topic.
    [[nodiscard]] std::unique_ptr<detail::subscription> subscribe(detail::subscriber& to,
                                                                  std::optional<std::string> key);

    /// One for the followers in another thread.
    [[nodiscard]] std::shared_ptr<topic> replica() const {
        return std::make_shared<topic>(name_, key_name_, when_full_, read_key_);
    }

    /// Gives each record also to `there`, by way of `forwarder`, while anybody follows it there.
    void replicate(std::shared_ptr<topic> there,
                   std::shared_ptr<detail::record_forwarder> forwarder) {
        replicas_.push_back({std::move(there), std::move(forwarder)});
    }

    /// Gives one record to its followers. `encode(std::string&)` appends its bytes,
    /// `key(std::string&)` its key as text; each is called at most once, and only if it is needed.
    template <std::invocable<std::string&> Encode, std::invocable<std::string&> Key>
    void publish(Encode&& encode, Key&& key) {
        const list* const of_key = begin(key);
        if (!is_wanted_ && of_key == nullptr) return;
        record_.clear();
        encode(record_);
        give(record_, of_key);
        if (record_.capacity() > max_idle_bytes) std::string{}.swap(record_);
    }

    /// The same, of bytes that are there already.
    void publish(std::string_view record, std::string_view key) {
        const list* const of_key = begin([key](std::string& out) { out.append(key); });
        if (is_wanted_ || of_key != nullptr) give(record, of_key);
    }

    /// Ends the subscriptions of those who were promised every record, because some are lost.
    void lose_records();

    [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

    /// Those of its replicas included.
    [[nodiscard]] std::size_t subscribers() const noexcept;

private:
    friend class detail::subscription;
    using list = std::vector<detail::subscription*>;

    struct replicated {
        std::shared_ptr<topic> there;
        std::shared_ptr<detail::record_forwarder> forwarder;
    };

    /// The key's, and this topic's: never 0.
    [[nodiscard]] std::uint64_t subject_of(std::string_view key) const noexcept;

    /// Counts a record, and finds out who wants it; those who follow its key alone, if any.
    template <class Key>
    [[nodiscard]] const list* begin(Key&& key) {
        ++records_;
        is_wanted_ = !all_.empty();
        bool is_key_wanted = !by_key_.empty();
        for (const auto& each : replicas_) {
            is_wanted_ = is_wanted_ || each.there->subscribers() != 0;
            is_key_wanted = is_key_wanted || each.there->key_subscribers_ != 0;
        }
        is_key_wanted = is_key_wanted || (when_full_ == overflow_policy::conflate && is_wanted_);
        key_text_.clear();
        if (!is_key_wanted) return nullptr;
        key(key_text_);
        const auto found = by_key_.find(key_text_);
        return found != by_key_.end() ? &found->second : nullptr;
    }

    void give(std::string_view record, const list* of_key);
    inline void give(const list& to, const payload& record) const;
    static inline void end(const detail::subscription& of);

    static constexpr std::size_t max_idle_bytes = 64 * 1024;

    std::string name_;
    std::string key_name_;
    overflow_policy when_full_;
    key_reader read_key_;
    list all_;
    detail::keyed_map<std::string, list> by_key_;
    detail::key_hash key_hash_;
    std::string key_text_;
    std::string record_;      ///< the last one's bytes
    bool is_wanted_ = false;  ///< by somebody who follows all
    std::vector<replicated> replicas_;
    std::uint64_t records_ = 0;
    detail::counter subscribers_;
    detail::counter key_subscribers_;  ///< of these, those who follow one key
};

namespace detail {

/// One subscriber's place in a topic.
class subscription {
public:
    subscription(topic& from, subscriber& to, std::optional<std::string> key);
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;

    ~subscription();

private:
    friend class millrace::topic;

    void leave(topic::list& list) noexcept;

    topic& topic_;
    subscriber& to_;
    std::optional<std::string> key_;
    std::size_t at_ = 0;
};

}  // namespace detail

inline void topic::give(const list& to, const payload& record) const {
    for (const detail::subscription* each : to) each->to_.deliver(record, when_full_);
}

inline void topic::end(const detail::subscription& of) { of.to_.lose(); }

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/publish/topic.ipp>
#endif
