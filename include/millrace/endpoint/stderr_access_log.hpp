#pragma once

#include <millrace/endpoint/access_format.hpp>
#include <millrace/endpoint/detail/logs/stderr_sink.hpp>
#include <millrace/endpoint/detail/logs/written_access_log.hpp>

namespace millrace {

/// An access log on standard error, whose lines are written in a thread of its own, so that no loop
/// waits for whoever reads them. Copies share it, and so may endpoints.
class stderr_access_log : public detail::written_access_log<detail::stderr_sink> {
public:
    explicit stderr_access_log(const access_log_options& options = {})
        : written_access_log{detail::stderr_sink{}, options} {}
};

}  // namespace millrace
