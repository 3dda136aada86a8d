#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <millrace/pipeline/detail/state/answer_box.hpp>

namespace millrace {

/// Where the answer to one question of an `async_enrich` goes: called once, at once or later, from
/// any thread. What comes after the first, or after the timeout, or when the pipeline is no more,
/// has no effect. Once all copies are gone without an answer there is none, and nothing waits for
/// it any more.
///
/// Copies share the question, and may be called in several threads at once.
template <class Answer>
class answer_to {
public:
    answer_to(std::shared_ptr<detail::answer_box<Answer>> box, std::uint64_t question)
        : question_{std::make_shared<open_question>(std::move(box), question)} {}

    void operator()(Answer answer) const { question_->close(std::move(answer)); }
    /// There is none.
    void operator()(std::nullopt_t) const { question_->close({}); }

private:
    class open_question {
    public:
        open_question(std::shared_ptr<detail::answer_box<Answer>> box, std::uint64_t number)
            : box_{std::move(box)}, number_{number} {}
        open_question(const open_question&) = delete;
        open_question& operator=(const open_question&) = delete;
        ~open_question() { close({}); }

        void close(std::optional<Answer> answer) {
            if (!is_closed_.exchange(true)) box_->put(number_, std::move(answer));
        }

    private:
        std::shared_ptr<detail::answer_box<Answer>> box_;
        std::uint64_t number_;
        std::atomic<bool> is_closed_ = false;
    };

    std::shared_ptr<open_question> question_;
};

}  // namespace millrace
