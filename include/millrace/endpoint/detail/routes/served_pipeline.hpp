#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/endpoint/detail/loops/closing_turns.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/pipeline/topology.hpp>

namespace millrace::detail {

/// A running pipeline of any type, for what is done rarely.
class served_pipeline {
public:
    virtual ~served_pipeline() = default;
    virtual void tick() = 0;
    /// From now on nothing is put off: what is pushed has its effect at once.
    virtual void end_turns() = 0;
    virtual std::error_code finish() = 0;
    [[nodiscard]] virtual std::error_code recording_error() const = 0;
    [[nodiscard]] virtual endpoint_snapshot::pipeline snapshot() const = 0;
    /// The names of its inputs, "nyse+nasdaq".
    [[nodiscard]] virtual std::string input() const = 0;

    std::string label;  ///< no other pipeline of the endpoint has it
    bool has_told_recording_error = false;
    topology made_of;
};

template <class Running>
class served final : public served_pipeline {
public:
    served(Running pipeline, topology shape) : running{std::move(pipeline)} {
        made_of = std::move(shape);
    }
    served(const served&) = delete;
    served& operator=(const served&) = delete;
    ~served() override { end_turns(); }

    /// In slices from now on, if it can: the turns of `pipeline_loop` that close its windows.
    auto close_in_turns(const std::shared_ptr<loop>& pipeline_loop) {
        auto turns = std::make_shared<closing_turns<Running>>(running, pipeline_loop);
        running.on_ready([all = turns.get()] { all->wake_up(); });
        check_ = [turns] { turns->check(); };
        end_turns_ = [this, turns] {
            running.on_ready(nullptr);
            turns->close();
        };
        return turns;
    }

    void end_turns() override {
        if (const auto end = std::exchange(end_turns_, nullptr)) end();
    }

    void tick() override {
        if (!running.is_behind()) running.tick();
        if (check_) check_();
    }
    std::error_code finish() override { return running.finish(); }
    [[nodiscard]] std::error_code recording_error() const override {
        return running.recording_error();
    }
    [[nodiscard]] endpoint_snapshot::pipeline snapshot() const override {
        return {label, running.stats(), running.stages()};
    }
    [[nodiscard]] std::string input() const override {
        std::string names;
        for (const auto& each : inputs()) {
            if (!names.empty() && !each.empty()) names += '+';
            names += each;
        }
        return names;
    }

    /// The name of each, in the order of the sources.
    [[nodiscard]] std::vector<std::string> inputs() const {
        std::vector<std::string> names;
        for_each_source([&](const auto& each) { names.emplace_back(each.input()); });
        return names;
    }

    /// Calls `f(source)` for each, see `running_source`; their place is the same as long as this.
    template <class Function>
    void for_each_source(Function&& f) {
        std::apply([&](auto&... each) { (f(each), ...); }, sources_);
    }
    template <class Function>
    void for_each_source(Function&& f) const {
        std::apply([&](const auto&... each) { (f(each), ...); }, sources_);
    }

    Running running;

private:
    decltype(std::declval<Running&>().sources()) sources_{running.sources()};
    std::function<void()> check_;
    std::function<void()> end_turns_;
};

}  // namespace millrace::detail
