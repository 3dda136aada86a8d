#pragma once

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
};

template <class Running>
class served final : public served_pipeline {
public:
    explicit served(Running pipeline) : running{std::move(pipeline)} {}

    void tick(timestamp wall) override { running.tick(wall); }
    std::error_code finish() override { return running.finish(); }
    [[nodiscard]] endpoint_snapshot::pipeline snapshot() const override {
        return {running.input(), running.stats()};
    }

    Running running;
};

}  // namespace millrace::detail
