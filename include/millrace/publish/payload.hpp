#pragma once

#include <any>
#include <cstdint>
#include <string_view>
#include <utility>

namespace millrace {

/// A record on its way to its followers: its bytes, and what a server makes of them once for all.
/// It lives as long as the call that gives it to them, in its topic's thread.
class payload {
public:
    /// @param bytes UTF-8, which must outlive this
    explicit payload(std::string_view bytes, std::uint64_t subject = 0) noexcept
        : bytes_{bytes}, subject_{subject} {}
    payload(const payload&) = delete;
    payload& operator=(const payload&) = delete;

    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

    /// Payloads of one subject, other than 0, are of interest only until the next one of it.
    [[nodiscard]] std::uint64_t subject() const noexcept { return subject_; }

    /// What `make(const payload&)` makes of it, such as what a transport sends, for each follower
    /// the same. Only the first call makes it, unless another asked for another type between. No
    /// allocation where the type is as large as a pointer and moves without throwing.
    template <class Form, class Make>
    [[nodiscard]] const Form& as(Make&& make) const {
        if (const Form* const made = std::any_cast<Form>(&form_)) return *made;
        return form_.template emplace<Form>(make(*this));
    }

private:
    std::string_view bytes_;
    std::uint64_t subject_;
    mutable std::any form_;
};

}  // namespace millrace
