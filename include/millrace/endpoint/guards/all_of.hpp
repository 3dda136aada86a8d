#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/detail/combined_guard.hpp>

namespace millrace {

namespace detail {

/// The first refusal counts; without one, the last principal that is not empty.
template <std::size_t Count>
class all_must_pass {
public:
    [[nodiscard]] std::optional<verdict> add(std::size_t index, verdict of_one) {
        if (of_one.error) return of_one;
        principals_[index] = std::move(of_one.principal);
        if (++passed_ != Count) return std::nullopt;
        for (std::size_t i = Count; i-- != 0;)
            if (!principals_[i].empty()) return verdict::pass(std::move(principals_[i]));
        return verdict::pass();
    }

private:
    std::array<std::string, Count> principals_;
    std::size_t passed_ = 0;
};

}  // namespace detail

/// Admits whom all of these guards admit. Of a refusal, the first counts, and no further guard is
/// asked; the principal is the last one's that names any.
///
///     endpoint<tcp, all_of<origin_guard, bearer_guard>> server{
///         {.port = 8080}, {}, {origin_guard{}, bearer_guard{{{"d41a...", "dashboard"}}}}};
///
/// Asynchronous if any of them is: then those that know at once are asked first, and the others at
/// the same time. All are asked on the thread that asks this one.
template <class... Guards>
class all_of : public detail::combined_guard<detail::all_must_pass, Guards...> {
public:
    using detail::combined_guard<detail::all_must_pass, Guards...>::combined_guard;
};

template <class... Guards>
all_of(Guards...) -> all_of<Guards...>;

}  // namespace millrace
