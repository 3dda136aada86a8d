#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace::detail {

/// A `key_table` of so many keys at most. A slot has also `is_used` and `is_recent`, false at
/// first.
template <class Key, class Slot>
class limited_keys : public key_table<Key, Slot> {
    using base = key_table<Key, Slot>;

    struct nothing {
        void operator()(const Slot&) const noexcept {}
    };

public:
    explicit limited_keys(const key_limits& limits) noexcept : limits_{limits} {}

    [[nodiscard]] bool evicts() const noexcept { return limits_.evicts; }

    /// Null where there is no room for one more. `on_evict(slot&)` for one that has to go, when
    /// `on_add(slot&)` has seen the new one.
    template <class Sought, class OnEvict, class OnAdd = nothing>
    [[nodiscard]] Slot* find_or_add(const Sought& key, OnEvict&& on_evict, OnAdd&& on_add = {}) {
        const std::size_t hash = this->hash_of(key);
        if (Slot* const found = this->find(hash, key)) [[likely]] {
            found->is_recent = true;
            return found;
        }
        return add_within(hash, key, on_evict, on_add);
    }
    template <class Sought>
    [[nodiscard]] Slot* find_or_add(const Sought& key) {
        return find_or_add(key, nothing{});
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.keys += this->size();
        stats.state_bytes += this->bytes();
        stats.refused_keys += refused_;
        stats.evicted_keys += evicted_;
    }

    /// It is empty where it cannot be loaded.
    template <class Archive>
    void archive(Archive& ar) {
        bool is_good = !Archive::is_loading;
        const at_exit empty{[&] {
            if (!is_good) *this = limited_keys{limits_};
        }};
        ar(static_cast<base&>(*this), hand_, refused_, evicted_);
        if constexpr (Archive::is_loading) {
            is_good = ar.ok();
            this->for_each([](Slot& each) { each.is_used = true; });
        }
    }

private:
    template <class Sought, class OnEvict, class OnAdd>
    [[gnu::noinline]] Slot* add_within(std::size_t hash, const Sought& key, OnEvict& on_evict,
                                       OnAdd& on_add) {
        if (this->size() >= limits_.key_limit && !limits_.evicts) {
            ++refused_;
            return nullptr;
        }
        Slot& added = this->add(hash, key);  // which may throw, and nothing has gone then
        added.is_used = true;
        on_add(added);
        while (this->size() > limits_.key_limit) evict_one(added, on_evict);
        return &added;
    }

    /// The first that was not seen since this came by it (second chance, Corbató 1968).
    template <class OnEvict>
    void evict_one(const Slot& added, OnEvict& on_evict) {
        for (;;) {
            Slot& each = (*this)[hand_++ % this->slots()];
            if (&each == &added || !each.is_used || std::exchange(each.is_recent, false)) continue;
            on_evict(each);
            this->erase(each);
            ++evicted_;
            return;
        }
    }

    key_limits limits_;
    std::uint32_t hand_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace millrace::detail
