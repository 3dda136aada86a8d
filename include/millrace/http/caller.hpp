#pragma once

#include <string>

namespace millrace::http {

/// Who makes a request.
struct caller {
    std::string principal{};  ///< as the guard says, or the certificate; empty for nobody
    std::string address{};    ///< the client's, where a trusted proxy names it; else the peer's
    std::string peer{};       ///< the address of the other end of the connection
};

}  // namespace millrace::http
