// A header of the PROXY protocol, of which ever more bytes are there, and read as a stream does it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/transport/proxy_header.hpp>

#include "fuzz.hpp"

using namespace millrace;
using states = proxy_header::states;

namespace {

/// In memory that ends where the bytes do, so that a sanitizer sees a look beyond.
proxy_header parse(std::string_view bytes) {
    const std::vector<char> exact(bytes.begin(), bytes.end());
    return parse_proxy_header({exact.data(), exact.size()});
}

void check(const proxy_header& parsed, std::size_t size) {
    switch (parsed.state) {
        case states::incomplete:
            fuzz::require(parsed.bytes > 0, "what is incomplete misses something");
            fuzz::require(size + parsed.bytes <= detail::max_proxy_header_bytes,
                          "no header is longer than the limit");
            break;
        case states::complete:
            fuzz::require(parsed.bytes > 0 && parsed.bytes <= size, "a header is what was there");
            if (const auto address = detail::parse_ip(parsed.source); address)
                fuzz::require(detail::to_string(*address) == parsed.source, "a canonical address");
            else
                fuzz::require(parsed.source.empty(), "an address or none");
            break;
        case states::failed: fuzz::require(parsed.source.empty(), "failures have no source");
    }
}

/// No more is read than a header is known to have.
proxy_header read_piecewise(std::string_view bytes) {
    std::size_t size = 0;
    for (;;) {
        auto parsed = parse(bytes.substr(0, size));
        check(parsed, size);
        if (parsed.state == states::complete)
            fuzz::require(parsed.bytes == size, "no byte behind the header was asked for");
        if (parsed.state != states::incomplete || size + parsed.bytes > bytes.size()) return parsed;
        size += parsed.bytes;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto whole = parse(bytes);
    check(whole, size);

    std::size_t at_least = 0;
    auto before = states::incomplete;
    for (std::size_t n = 0; n <= std::min<std::size_t>(size, 512); ++n) {
        const auto part = parse(bytes.substr(0, n));
        check(part, n);
        fuzz::require(before == states::incomplete || part.state == before,
                      "more bytes change no verdict");
        before = part.state;
        if (part.state == states::incomplete) at_least = std::max(at_least, n + part.bytes);
        if (part.state != states::complete) continue;
        fuzz::require(part.bytes >= at_least, "what was missing came");
        fuzz::require(part.bytes == whole.bytes && part.source == whole.source,
                      "what follows the header is not the header's");
    }

    const auto piecewise = read_piecewise(bytes);
    if (whole.state == states::complete)
        fuzz::require(piecewise.state == states::complete && piecewise.bytes == whole.bytes &&
                          piecewise.source == whole.source,
                      "a header is the same in pieces");
    else
        fuzz::require(piecewise.state != states::complete, "nor is there one in pieces only");
    return 0;
}
