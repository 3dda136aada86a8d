// A program that says `using namespace millrace` beside types of its own, named as programs name
// theirs, and uses each of them beside a pipeline and an endpoint.
#include <millrace/millrace.hpp>

using namespace millrace;
using namespace std::chrono_literals;

namespace owned {

template <class T>
int bytes_of(T) {
    return sizeof(T);
}

}  // namespace owned

struct route {};
struct frame {};
struct outbox {};
struct history {};
struct channel {};
struct subscriber {};
struct subscription {};
struct publisher {};
struct counter {};
struct url {};
struct request {};
struct response {};
struct event {};
struct message {};
struct order {};
struct sensor {};
struct vital_sign {};
struct point {};
struct position {};
struct device {};
struct vehicle {};
struct login {};
struct user {};
struct token {};
struct stream {};
struct node {};
struct step {};
struct builder {};
struct queue {};
struct listener {};

struct reading {
    std::string sensor;
    double value;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<reading> = fields(field{"sensor", &reading::sensor},
                                                         field{"value", &reading::value},
                                                         event_time{"time", &reading::time});

int main(int count, char**) {
    int bytes = 0;
    bytes += owned::bytes_of(route{});
    bytes += owned::bytes_of(frame{});
    bytes += owned::bytes_of(outbox{});
    bytes += owned::bytes_of(history{});
    bytes += owned::bytes_of(channel{});
    bytes += owned::bytes_of(subscriber{});
    bytes += owned::bytes_of(subscription{});
    bytes += owned::bytes_of(publisher{});
    bytes += owned::bytes_of(counter{});
    bytes += owned::bytes_of(url{});
    bytes += owned::bytes_of(request{});
    bytes += owned::bytes_of(response{});
    bytes += owned::bytes_of(event{});
    bytes += owned::bytes_of(message{});
    bytes += owned::bytes_of(order{});
    bytes += owned::bytes_of(sensor{});
    bytes += owned::bytes_of(vital_sign{});
    bytes += owned::bytes_of(point{});
    bytes += owned::bytes_of(position{});
    bytes += owned::bytes_of(device{});
    bytes += owned::bytes_of(vehicle{});
    bytes += owned::bytes_of(login{});
    bytes += owned::bytes_of(user{});
    bytes += owned::bytes_of(token{});
    bytes += owned::bytes_of(stream{});
    bytes += owned::bytes_of(node{});
    bytes += owned::bytes_of(step{});
    bytes += owned::bytes_of(builder{});
    bytes += owned::bytes_of(queue{});
    bytes += owned::bytes_of(listener{});
    if (count == 1) return bytes > 0 ? 0 : 1;

    endpoint<> server{{.port = 0}};
    server.serve(from<reading>("readings") | key_by(&reading::sensor) |
                 window(tumbling{1s}, drop_late) | process<mean<&reading::value>>() |
                 publish("means"));
    server.files("/", "page");
    server.run();
}
