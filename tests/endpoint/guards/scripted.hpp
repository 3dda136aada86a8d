#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/endpoint/guard.hpp>

/// Says what it was told to say, and writes down that it was asked.
struct scripted {
    millrace::verdict says;
    std::vector<std::string>* asked = nullptr;
    std::string name{};

    millrace::verdict admit(const millrace::http::request&, std::string_view) const {
        if (asked != nullptr) asked->push_back(name);
        return says;
    }
};

/// Keeps its answers back until the test lets them go.
struct scripted_later {
    millrace::verdict says;
    std::vector<std::function<void()>>* answers;

    void admit(std::shared_ptr<const millrace::http::request>, std::string,
               millrace::verdict_handler reply) const {
        answers->push_back([reply = std::move(reply), verdict = says] { reply(verdict); });
    }
};

/// Leaves its answers to the test.
struct later {
    std::vector<millrace::verdict_handler>* waiting;

    void admit(std::shared_ptr<const millrace::http::request>, std::string,
               millrace::verdict_handler reply) {
        waiting->push_back(std::move(reply));
    }
};

inline millrace::verdict pass(std::string principal = {}) {
    return millrace::verdict::pass(std::move(principal));
}

inline millrace::verdict refusal(std::string reason) {
    return {millrace::errc::forbidden, std::move(reason)};
}
