// One pipeline twice: first inside a program that has no network at all, then served by the loop
// that the program already runs.
#include <iostream>
#include <thread>

#include <asio/io_context.hpp>

#include <millrace/millrace.hpp>
#include <millrace/testing/websocket_client.hpp>

namespace mr = millrace;
using namespace std::chrono_literals;

struct order {
    std::string_view shop;
    double amount;
    mr::timestamp time;
};

template <>
inline constexpr auto mr::schema<order> = mr::fields(mr::field{"shop", &order::shop},
                                                     mr::field{"amount", &order::amount},
                                                     mr::event_time{"time", &order::time,
                                                                    mr::time_format::seconds});

auto sales_by_minute() {
    return mr::from<order>("orders") | mr::key_by(&order::shop) |
           mr::window(mr::tumbling{1min}, mr::drop_late) |
           mr::process<mr::summary<mr::count, mr::sum<&order::amount>>>() | mr::publish("sales");
}

mr::timestamp at_second(int second) { return mr::timestamp{std::chrono::seconds{second}}; }

void embedded() {
    auto sales = mr::start(sales_by_minute(), [](const auto& row) {
        std::cout << row.key << " sold " << mr::at<"count">(row) << " for " << mr::at<"sum">(row)
                  << '\n';
    });
    sales.push({"Oslo", 20, at_second(1)});
    sales.push({"Bergen", 35, at_second(2)});
    sales.push({"Oslo", 5.5, at_second(59)});
    sales.push({"Oslo", 8, at_second(60)});  // a new minute: the last one is complete
    sales.finish();                          // and so is this one
}

void served() {
    asio::io_context loop;  // the service's own
    mr::endpoint<mr::tcp> server{loop, {.port = 0, .address = "127.0.0.1"}};
    server.serve(sales_by_minute(), {.duplex_path = "/ws"});

    std::thread customer{[&] {
        mr::testing::websocket_client socket{"127.0.0.1", server.port(), "/ws"};
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
