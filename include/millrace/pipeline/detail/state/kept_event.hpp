#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/detail/unlisted_views.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

/// Saves or loads an event by its schema, where it has no `archive` of its own. Views of what was
/// loaded refer to the archive's bytes.
template <class Archive, class T>
void archive_event(Archive& ar, T& value) {
    if constexpr (std::same_as<T, std::string_view>) {
        if constexpr (Archive::is_loading) {
            value = ar.text();
        } else {
            ar.text(value);
        }
    } else if constexpr (archivable<T> || owns_its_value<T>) {
        ar(value);
    } else if constexpr (is_optional<T>) {
        bool has_value = value.has_value();
        ar(has_value);
        if constexpr (Archive::is_loading) {
            value.reset();
            if (has_value && ar.ok()) value.emplace();
        }
        if (value) archive_event(ar, *value);
    } else if constexpr (described<T>) {
        schema<T>.for_each([&](const auto& field) { archive_event(ar, field.get(value)); });
    } else if constexpr (sequence<T>) {
        std::uint64_t size = value.size();
        ar(size);
        if constexpr (Archive::is_loading) {
            ar.require(size <= ar.bytes_left());
            value.clear();
            for (; size > 0 && ar.ok(); --size) archive_event(ar, value.emplace_back());
        } else {
            for (auto& each : value) archive_event(ar, each);
        }
    } else {
        ar(value);
    }
}

/// Whether a `kept_event` can be made of it.
template <class Event>
inline constexpr bool is_kept = can_own_views<Event>() &&
                                !has_unlisted_views<Event>() && std::default_initializable<Event>;

/// A copy of an event that refers to nothing outside of itself. It allocates where the event has
/// views of text, unless it has kept one before whose texts were as long.
template <class Event>
class kept_event {
public:
    kept_event() = default;
    explicit kept_event(const Event& one) : value_{one} { own(value_); }

    /// Another one in its place, which stays where this throws.
    void assign(const Event& one) {
        Event next{one};
        own(next);
        value_ = std::move(next);
    }

    [[nodiscard]] const Event& value() const noexcept { return value_; }
    /// All that it takes.
    [[nodiscard]] std::size_t bytes() const { return bytes_of(value_); }
    /// Likewise, of one that is not made yet.
    [[nodiscard]] static std::size_t bytes_of(const Event& one) {
        return sizeof(kept_event) + outer_bytes(one);
    }

    /// What stands in no field of the schema is not saved.
    template <class Archive>
    void archive(Archive& ar) {
        archive_event(ar, value_);
        if constexpr (Archive::is_loading) own(value_);
    }

private:
    struct no_text {};
    struct text_memory {
        std::unique_ptr<char[]> at;
        std::size_t size = 0;
    };

    void own([[maybe_unused]] Event& one) {
        if constexpr (has_views_to_own<Event>) {
            const std::size_t size = viewed_bytes(one);
            // What was much longer is not kept, for it is not in `bytes`.
            if (text_.at == nullptr || size > text_.size || text_.size > 2 * size + 256) {
                text_memory larger{std::make_unique<char[]>(size), size};
                copy_viewed(one, larger.at.get());
                text_ = std::move(larger);
            } else {
                copy_viewed(one, text_.at.get());
            }
        }
    }

    Event value_{};
    [[no_unique_address]] std::conditional_t<has_views_to_own<Event>, text_memory, no_text> text_;
};

}  // namespace millrace::detail
