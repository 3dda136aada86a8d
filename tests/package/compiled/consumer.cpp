#include <millrace/millrace.hpp>

#include "reading.hpp"

#ifndef MILLRACE_COMPILED
#error "millrace::compiled does not say so"
#endif

int main() {
    millrace::endpoint<> server{{.port = 0}};
    server.serve(millrace::from<reading>("readings") | millrace::publish("all"));
    return windows_closed() == 2 && server.port() != 0 ? 0 : 1;
}
