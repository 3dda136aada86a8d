#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/endpoint/guard.hpp>
#include <millrace/http/request.hpp>

namespace millrace::detail {

/// Several guards as one. `Ballot` collects their verdicts: `add(index, verdict)` gives the verdict
/// of all as soon as it is certain, which it is with the last one.
///
/// Guards that know at once are asked first, in their order, and then, if need be, the others, all
/// at the same time. So each is asked on the thread that asks this one.
template <template <std::size_t> class Ballot, class... Guards>
class combined_guard {
    static_assert(sizeof...(Guards) > 0, "a combination of guards needs: at least one guard");
    static_assert((require_guard<Guards>(), ..., true));
    static constexpr bool is_synchronous = (synchronous_guard<Guards> && ...);
    using ballot = Ballot<sizeof...(Guards)>;

public:
    combined_guard() = default;
    explicit(sizeof...(Guards) == 1) combined_guard(Guards... guards)
        : guards_{std::move(guards)...} {}

    [[nodiscard]] verdict admit(const http::request& request,
                                std::string_view remote_address) requires is_synchronous {
        ballot votes;
        std::optional<verdict> result;
        for_each([&](std::size_t index, auto& asked) {
            if (!result) result = votes.add(index, asked.admit(request, remote_address));
        });
        return *std::move(result);
    }

    void admit(std::shared_ptr<const http::request> request, std::string remote_address,
               verdict_handler reply) requires(!is_synchronous) {
        const auto vote = std::make_shared<pending>(std::move(reply));
        for_each([&](std::size_t index, auto& asked) {
            if constexpr (synchronous_guard<decltype(asked)>)
                if (!vote->is_over()) vote->add(index, asked.admit(*request, remote_address));
        });
        for_each([&](std::size_t index, auto& asked) {
            if constexpr (!synchronous_guard<decltype(asked)>)
                if (!vote->is_over())
                    asked.admit(request, remote_address, [vote, index](verdict of_one) {
                        vote->add(index, std::move(of_one));
                    });
        });
    }

private:
    /// A vote on one request, with answers from any thread.
    class pending {
    public:
        explicit pending(verdict_handler reply) : reply_{std::move(reply)} {}

        [[nodiscard]] bool is_over() {
            const std::lock_guard lock{mutex_};
            return reply_ == nullptr;
        }

        void add(std::size_t index, verdict of_one) {
            std::optional<verdict> result;
            verdict_handler reply;
            {
                const std::lock_guard lock{mutex_};
                if (std::exchange(has_voted_[index], true) || !reply_) return;
                result = votes_.add(index, std::move(of_one));
                if (result) reply.swap(reply_);
            }
            if (result) reply(*std::move(result));
        }

    private:
        std::mutex mutex_;
        verdict_handler reply_;
        ballot votes_;
        std::array<bool, sizeof...(Guards)> has_voted_{};
    };

    template <class F>
    void for_each(F&& f) {
        std::apply(
            [&](auto&... each) {
                std::size_t i = 0;
                (f(i++, each), ...);
            },
            guards_);
    }

    std::tuple<Guards...> guards_;
};

}  // namespace millrace::detail
