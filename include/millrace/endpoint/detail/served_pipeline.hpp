#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/timestamp.hpp>
#include <millrace/endpoint/metrics.hpp>

namespace millrace::detail {

/// A running pipeline of any type, for what is done rarely.
class served_pipeline {
public:
    virtual ~served_pipeline() = default;
    virtual void tick(timestamp wall) = 0;
    virtual std::error_code finish() = 0;
    [[nodiscard]] virtual endpoint_snapshot::pipeline snapshot() const = 0;
    [[nodiscard]] virtual std::string_view input() const = 0;

    std::string label;  ///< no other pipeline of the endpoint has it
};

template <class Running>
class served final : public served_pipeline {
public:
    explicit served(Running pipeline) : running{std::move(pipeline)} {}

    void tick(timestamp wall) override { running.tick(wall); }
    std::error_code finish() override { return running.finish(); }
    [[nodiscard]] endpoint_snapshot::pipeline snapshot() const override {
        return {label, running.stats()};
    }
    [[nodiscard]] std::string_view input() const override { return running.input(); }

    Running running;
};

}  // namespace millrace::detail
