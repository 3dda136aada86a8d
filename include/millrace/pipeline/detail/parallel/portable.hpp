#pragma once

#include <concepts>

#include <millrace/core/detail/unlisted_views.hpp>
#include <millrace/core/owned_views.hpp>

namespace millrace::detail {

/// Whether a copy of an event that owns its texts may be used in another thread.
template <class Event>
inline constexpr bool is_portable = std::copy_constructible<Event>&& can_own_views<Event>() &&
                                    !has_unlisted_views<Event>();

}  // namespace millrace::detail
