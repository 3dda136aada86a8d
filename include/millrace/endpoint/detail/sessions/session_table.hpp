#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The connections of one loop.
template <class Session>
class session_table {
public:
    void add(std::shared_ptr<Session> made) {
        made->place = sessions_.size();
        sessions_.push_back(std::move(made));
    }

    void remove(Session& gone) {
        const std::size_t place = gone.place;
        std::swap(sessions_[place], sessions_.back());
        sessions_[place]->place = place;
        sessions_.pop_back();
    }

    /// `f` may remove the session that it is given, and no other.
    template <class Function>
    void for_each(Function&& f) {
        for (std::size_t i = sessions_.size(); i-- != 0;) {
            const auto each = sessions_[i];
            f(*each);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }
    [[nodiscard]] bool empty() const noexcept { return sessions_.empty(); }

private:
    std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace millrace::detail
