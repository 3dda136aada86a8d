#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/detail/unlisted_views.hpp>
#include <millrace/core/hash.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/pipeline/detail/graph/failed_events.hpp>

namespace millrace::detail {

/// Whether a copy of an event, once it owns its texts, is as good as the event, and cheap.
template <class Event>
consteval bool may_wait() {
    if constexpr (described<Event> && std::is_trivially_copyable_v<Event> &&
                  std::default_initializable<Event>) {
        return sizeof(Event) <= 64 && can_own_views<Event>() && !has_unlisted_views<Event>();
    } else {
        return false;
    }
}

/// The latest events of a batch, which wait to be looked up together: what memory takes to answer
/// is waited for once for all of them.
template <class Event>
class waiting_events {
public:
    bool is_on = false;  ///< whether the next event is to wait

    /// False where it has no room for one more. `hash` is that of its key, `number` that of the
    /// event which the source pushed.
    template <class Table>
    [[nodiscard, gnu::always_inline]] bool add(const Table& table, std::size_t hash,
                                               const Event& one, std::uint64_t number) noexcept {
        if (count_ == max_events) return false;
        copy_words(events_[count_], one);
        if constexpr (has_views<Event>()) {
            if (!own_texts(events_[count_])) return false;
        }
        table.prefetch_index(hash);
        numbers_[count_] = number;
        hashes_[count_++] = hash;
        return true;
    }

    /// Calls `f(slot, hash, event)` for each, in order, where `slot` is that of its key in `table`,
    /// or null: then it was not found at once. What is thrown waits for `rethrow`, but of an event
    /// that has failed before.
    template <class Table, class KeyOf, class F>
    void apply(Table& table, KeyOf&& key_of, F&& f, failed_events& failed) noexcept {
        std::array<std::uint32_t, max_events> numbers;
        for (std::size_t i = 0; i < count_; ++i) numbers[i] = table.guess(hashes_[i]);
        for (std::size_t i = 0; i < count_; ++i) {
            const Event& one = events_[i];
            try {
                f(table.slot_if(numbers[i], key_of(one)), hashes_[i], one);
            } catch (...) {
                if (!failed.note(numbers_[i])) continue;
                ++failures_;
                failure_.keep_current();
            }
        }
        count_ = 0;
        text_size_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    /// Throws once for each event at which something threw, always the first exception.
    void rethrow() {
        if (failures_ == 0) return;
        if (--failures_ != 0) first_exception{failure_}.rethrow();
        failure_.rethrow();
    }

private:
    static constexpr std::size_t max_events = 32;
    static constexpr std::size_t max_text = has_views<Event>() ? max_events * 32 : 1;

    /// By no larger pieces than those in which the event was written a moment ago: a processor
    /// waits for memory when it reads what several stores in flight have written.
    [[gnu::always_inline]] static void copy_words(Event& to, const Event& from) noexcept {
        if constexpr (sizeof(Event) % sizeof(std::uint64_t) == 0) {
#pragma GCC unroll 8
            for (std::size_t at = 0; at < sizeof(Event); at += sizeof(std::uint64_t)) {
                std::uint64_t word = load_64(reinterpret_cast<const char*>(&from) + at);
                asm("" : "+r"(word));  // lest the compiler joins two
                std::memcpy(reinterpret_cast<char*>(&to) + at, &word, sizeof word);
            }
        } else {
            to = from;
        }
    }

    /// False where they have no room.
    [[nodiscard, gnu::always_inline]] bool own_texts(Event& one) noexcept {
        const std::size_t before = text_size_;
        bool is_owned = true;
        auto keep = [&](std::string_view text) noexcept {
            is_owned = is_owned && text.size() <= max_text - text_size_;
            if (!is_owned) return text;
            char* const at = texts_.data() + text_size_;
            text.copy(at, text.size());
            text_size_ += text.size();
            return std::string_view{at, text.size()};
        };
        own_views(one, keep);
        if (!is_owned) text_size_ = before;
        return is_owned;
    }

    std::array<std::size_t, max_events> hashes_{};
    std::array<std::uint64_t, max_events> numbers_{};
    std::array<Event, max_events> events_{};
    std::size_t count_ = 0;
    std::size_t failures_ = 0;
    std::size_t text_size_ = 0;
    std::array<char, max_text> texts_;
    first_exception failure_;
};

/// In whose place none waits.
struct no_waiting_events {};

}  // namespace millrace::detail
