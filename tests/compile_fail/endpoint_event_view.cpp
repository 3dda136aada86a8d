// A copy of an event that goes to another loop must not refer to the message that it came in.
// expect: an event on an endpoint needs: fields whose copies refer to nothing
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/transport/memory.hpp>

using namespace millrace;

struct sample {
#ifdef MUST_FAIL
    const char* name;
#else
    std::string_view name;
#endif
};
template <>
inline constexpr auto millrace::schema<sample> = fields(field{"name", &sample::name});

struct labelled {
    std::string name;
};
template <>
inline constexpr auto millrace::schema<labelled> = fields(field{"name", &labelled::name});

/// Takes the whole message as the name.
struct bare {
    template <class Event>
    struct decoder {
        explicit decoder(codec_limits) {}
        template <class OnEvent, class OnError>
        void decode(std::span<char> message, OnEvent&& on_event, OnError&&) {
            *(message.data() + message.size()) = '\0';
            on_event(Event{message.data()});
        }
    };
    template <class Record>
    using encoder = json::encoder<Record>;
};

void serve(endpoint<memory>& server) {
    server.serve(from<sample, bare>("samples") |
                 map([](const sample& s) { return labelled{std::string{s.name}}; }) |
                 publish("names"));
}
