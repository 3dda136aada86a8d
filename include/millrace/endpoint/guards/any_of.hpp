#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/guards/detail/combined_guard.hpp>

namespace millrace {

namespace detail {

/// The first pass counts; without one, the last guard's refusal, of those with 401 if there are
/// any.
template <std::size_t Count>
class one_must_pass {
public:
    [[nodiscard]] std::optional<verdict> add(std::size_t index, verdict of_one) {
        if (!of_one.error) return of_one;
        const std::size_t rank = index + (of_one.error == errc::unauthorized ? Count : 0);
        if (rank >= rank_) {
            rank_ = rank;
            told_ = std::move(of_one);
        }
        if (++refused_ != Count) return std::nullopt;
        return std::move(told_);
    }

private:
    verdict told_;
    std::size_t rank_ = 0;
    std::size_t refused_ = 0;
};

}  // namespace detail

/// Admits whom one of these guards admits. The first pass counts, with its principal, and no
/// further guard is asked; if all refuse, the refusal is the last guard's, but one with 401 goes
/// before others: who has shown no token may yet show one, in a browser's dialogue or, with
/// `endpoint_options::takes_token_messages`, in a first message.
///
///     any_of{address_guard{{.allow = {"10.0.0.0/8"}}}, bearer_guard{{{"d41a...", "gateway"}}}}
///
/// Asynchronous if any of them is: then those that know at once are asked first, and the others at
/// the same time. All are asked on the thread that asks this one.
template <class... Guards>
class any_of : public detail::combined_guard<detail::one_must_pass, Guards...> {
public:
    using detail::combined_guard<detail::one_must_pass, Guards...>::combined_guard;
};

template <class... Guards>
any_of(Guards...) -> any_of<Guards...>;

}  // namespace millrace
