// One pipeline twice: first inside a program that has no network at all, then served by the loop
// that the program already runs.
#include <iostream>
#include <thread>

#include <asio/io_context.hpp>

#include <millrace/millrace.hpp>
#include <millrace/testing/websocket_client.hpp>

using namespace millrace;
using namespace std::chrono_literals;

struct order {
    std::string_view shop;
    double amount;
    timestamp time;
};

template <>
inline constexpr auto millrace::schema<order> = fields(field{"shop", &order::shop},
                                                       field{"amount", &order::amount},
                                                       event_time{"time", &order::time,
                                                                  time_format::seconds});

auto sales_by_minute() {
    return from<order>("orders") | key_by(&order::shop) | window(tumbling{1min}, drop_late) |
           process<summary<count, sum<&order::amount>>>() | publish("sales");
}

timestamp at_second(int second) { return timestamp{std::chrono::seconds{second}}; }

void embedded() {
    auto sales = start(sales_by_minute(), [](const auto& row) {
        std::cout << row.key << " sold " << at<"count">(row) << " for " << at<"sum">(row) << '\n';
    });
    sales.push({"Oslo", 20, at_second(1)});
    sales.push({"Bergen", 35, at_second(2)});
    sales.push({"Oslo", 5.5, at_second(59)});
    sales.push({"Oslo", 8, at_second(60)});  // a new minute: the last one is complete
    sales.finish();                          // and so is this one
}

void served() {
    asio::io_context loop;  // the service's own
    endpoint<tcp> server{loop, {.port = 0, .address = "127.0.0.1"}};
    server.serve(sales_by_minute(), {.duplex_path = "/ws"});

    std::thread customer{[&] {
        testing::websocket_client socket{"127.0.0.1", server.port(), "/ws"};
        socket.send_text(R"([{"shop":"Oslo","amount":20,"time":1},
                             {"shop":"Oslo","amount":"two","time":2},
                             {"shop":"Oslo","amount":8,"time":60}])");
        for (int answers = 0; answers < 2; ++answers) {
            if (const auto answer = socket.receive(5s)) std::cout << answer->payload << '\n';
        }
        server.stop();
    }};
    loop.run();
    customer.join();
}

int main() {
    embedded();
    served();
}
