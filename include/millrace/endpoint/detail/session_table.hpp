#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millrace::detail {

/// An endpoint's connections: all of them, and how many each address has.
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

    /// Counts one more of an address; false if it has `most` already.
    [[nodiscard]] bool enter(const std::string& address, std::size_t most) {
        auto& count = by_address_[address];
        if (count >= most) return false;
        ++count;
        return true;
    }

    void leave(const std::string& address) {
        const auto found = by_address_.find(address);
        if (--found->second == 0) by_address_.erase(found);
    }

private:
    std::vector<std::shared_ptr<Session>> sessions_;
    std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace millrace::detail
