#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/endpoint/detail/loops/event_queue.hpp>
#include <millrace/endpoint/detail/routes/event_route.hpp>
#include <millrace/endpoint/detail/routes/pipeline_routes.hpp>
#include <millrace/endpoint/detail/routes/queued_input_route.hpp>
#include <millrace/endpoint/detail/routes/served_pipeline.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/router.hpp>
#include <millrace/publish/detail/paths.hpp>
#include <millrace/publish/detail/publication.hpp>
#include <millrace/publish/topic.hpp>

namespace millrace::detail {

template <class Sources>
inline constexpr bool are_reachable = false;
template <class... Sources>
inline constexpr bool are_reachable<std::tuple<Sources...>> = (reachable_source<Sources> && ...);

/// What an endpoint offers, path by path: HTTP and the pipelines themselves in the first loop,
/// routes in each. `Worker` is a loop's part, see `worker`; the first of them is the first loop's.
/// To be used in that, or before anything runs.
template <class Worker>
class served_paths {
public:
    explicit served_paths(const std::vector<std::unique_ptr<Worker>>& workers)
        : workers_{workers} {}

    /// Gives each loop a route that `make()` makes. @throws std::invalid_argument when the path is
    /// taken.
    template <class Make>
    void add_route(const std::string& path, Make&& make) {
        require_free(path);
        for (const auto& each : workers_) {
            route_table routes;
            routes.emplace(path, make());
            add_routes(*each, std::move(routes), {});
        }
    }

    /// All of a pipeline's routes or, when a path is taken, nothing. @throws std::invalid_argument
    template <class Running>
    void add_pipeline(std::unique_ptr<served<Running>> pipeline,
                      std::shared_ptr<publication> published, const serve_options& options) {
        constexpr bool is_reachable = are_reachable<decltype(pipeline->running.sources())>;
        if (workers_.size() > 1 && !is_reachable)
            throw std::invalid_argument(
                "millrace: events that go from loop to loop need a schema and copies");
        const auto paths = [&, inputs = pipeline->inputs()](const topic_list& followed) {
            return paths_of(inputs, followed, {options.duplex_path, options.duplex_topics});
        };
        list_inputs(*published, pipeline->inputs(), paths(published->topics), options);
        if constexpr (is_reachable) {
            add_reachable(*pipeline, *published, paths);
        } else {
            add_direct(*pipeline, *published, paths(published->topics));
        }
        pipeline->label = label_of(pipeline->input());
        pipelines_.push_back(std::move(pipeline));
        publications_.push_back(std::move(published));
    }

    /// A topic without a pipeline. @throws std::invalid_argument when the path is taken.
    void add_topic(std::shared_ptr<publication> published);

    /// Once no loop runs any more.
    void clear();

    [[nodiscard]] const auto& pipelines() const noexcept { return pipelines_; }
    [[nodiscard]] const auto& publications() const noexcept { return publications_; }
    [[nodiscard]] const auto& event_queues() const noexcept { return event_queues_; }

    http::router http;

private:
    using queue_list = std::vector<std::shared_ptr<event_queue_base>>;

    [[nodiscard]] Worker& first() const noexcept { return *workers_.front(); }

    template <class Function>
    void for_each_other(Function&& f) {
        for (const auto& each : workers_)
            if (!each->is_first()) f(*each);
    }

    void require_free(std::string_view path) const;

    [[nodiscard]] std::string label_of(std::string_view input) const;

    static void list_inputs(publication& to, const std::vector<std::string>& inputs,
                            const std::vector<path_use>& paths, const serve_options& options) {
        for (const auto& each : inputs) to.inputs.push_back({input_name(each, options), {}});
        for (const auto& each : paths)
            if (each.input) to.inputs[*each.input].paths.push_back(each.path);
    }

    /// Each loop has a queue for each source; that of the first is there for what has to wait.
    /// `paths(topics)` are the pipeline's, for a loop's own topics.
    template <class Running, class Paths>
    void add_reachable(served<Running>& pipeline, const publication& published, Paths&& paths) {
        const auto closing = pipeline.close_in_turns(first().shared_loop());
        const auto make = [&](Worker& w, const topic_list& followed, auto&& add) {
            const auto own_paths = paths(followed);
            auto routes = topic_routes(own_paths);
            queue_list queues;
            pipeline.for_each_source([&](auto& each) {
                using source = std::remove_reference_t<decltype(each)>;
                using queue_type = event_queue<source, Running>;
                require_owned_views<typename source::event_type>();
                auto queue = std::make_shared<queue_type>(each, closing, first().shared_loop(),
                                                          first().shared_mailbox(), w.shared_loop(),
                                                          w.shared_mailbox());
                const std::size_t number = queues.size();
                add_input_routes(routes, own_paths, number, [&](const topic_list& streamed) {
                    return std::make_unique<queued_input_route<queue_type>>(
                        queue, published.inputs[number].name, streamed);
                });
                queues.push_back(std::move(queue));
            });
            add(std::move(routes), queues);
            event_queues_.insert(event_queues_.end(), queues.begin(), queues.end());
        };
        make(first(), published.topics,
             [&](route_table routes, const queue_list&) { add_to_first(std::move(routes)); });
        for_each_other([&](Worker& w) {
            make(w, replicate(published.topics, w),
                 [&](route_table routes, const queue_list& queues) {
                     add_routes(w, std::move(routes), queues);
                 });
        });
    }

    /// Where no queue reaches the sources: in their loop alone.
    template <class Running>
    void add_direct(served<Running>& pipeline, const publication& published,
                    const std::vector<path_use>& paths) {
        auto routes = topic_routes(paths);
        std::size_t number = 0;
        pipeline.for_each_source([&](auto& each) {
            using source = std::remove_reference_t<decltype(each)>;
            add_input_routes(routes, paths, number, [&](const topic_list& streamed) {
                return std::make_unique<input_route<source>>(each, published.inputs[number].name,
                                                             streamed);
            });
            ++number;
        });
        add_to_first(std::move(routes));
    }

    void add_to_first(route_table routes);

    static void add_routes(Worker& to, route_table routes, queue_list queues);

    /// Topics for a loop's followers of `topics`.
    static topic_list replicate(const topic_list& topics, const Worker& w);

    const std::vector<std::unique_ptr<Worker>>& workers_;
    std::vector<std::unique_ptr<served_pipeline>> pipelines_;
    detail::publications publications_;
    queue_list event_queues_;
};

template <class Worker>
void served_paths<Worker>::add_topic(std::shared_ptr<publication> published) {
    const auto& topics = published->topics;
    add_to_first(topic_routes(paths_of({}, topics, {})));
    for_each_other([&](Worker& w) {
        add_routes(w, topic_routes(paths_of({}, replicate(topics, w), {})), {});
    });
    publications_.push_back(std::move(published));
}

template <class Worker>
void served_paths<Worker>::clear() {
    for (const auto& each : event_queues_) each->close();
    for (const auto& each : workers_) each->clear_routes();
    http = {};
    event_queues_.clear();
    publications_.clear();
    pipelines_.clear();
}

template <class Worker>
void served_paths<Worker>::require_free(std::string_view path) const {
    require_path(path);
    const bool is_reserved = path.starts_with("/api/topics/");
    if (is_reserved || http.has(path) || first().find_route(path) != nullptr)
        throw std::invalid_argument("millrace: the path \"" + std::string{path} +
                                    "\" is taken already");
}

template <class Worker>
std::string served_paths<Worker>::label_of(std::string_view input) const {
    const std::string name{input.empty() ? std::string_view{"unnamed"} : input};
    std::string label = name;
    const auto has_it = [&](const auto& other) { return other->label == label; };
    for (int n = 2; std::any_of(pipelines_.begin(), pipelines_.end(), has_it); ++n)
        label = name + "-" + std::to_string(n);
    return label;
}

template <class Worker>
void served_paths<Worker>::add_to_first(route_table routes) {
    for (const auto& each : routes) require_free(each.first);
    add_routes(first(), std::move(routes), {});
}

template <class Worker>
void served_paths<Worker>::add_routes(Worker& to, route_table routes, queue_list queues) {
    to.run([routes = std::move(routes), queues = std::move(queues)](Worker& w) mutable {
        w.add_routes(std::move(routes), std::move(queues));
    });
}

template <class Worker>
topic_list served_paths<Worker>::replicate(const topic_list& topics, const Worker& w) {
    topic_list replicas;
    for (const auto& each : topics) {
        replicas.push_back(each->replica());
        each->replicate(replicas.back(), w.shared_record_queue());
    }
    return replicas;
}

}  // namespace millrace::detail
