#pragma once

#include <millrace/websocket/permessage_deflate.hpp>

namespace millrace::websocket::detail {

MILLRACE_INLINE deflate_compressor::deflate_compressor(role own, const deflate_parameters& agreed,
                                                       const deflate_options& options)
    : inflater_{own == role::server ? agreed.client_bits() : agreed.server_bits(),
                own == role::server ? !agreed.client_no_context_takeover
                                    : !agreed.server_no_context_takeover,
                {options.max_ratio, options.unlimited_bytes}},
      deflater_{{bits(own, agreed, options), options.level, options.memory_level},
                own == role::server ? !agreed.server_no_context_takeover
                                    : !agreed.client_no_context_takeover},
      min_message_bytes_{options.min_message_bytes} {}

MILLRACE_INLINE int deflate_compressor::bits(role own, const deflate_parameters& agreed,
                                             const deflate_options& options) noexcept {
    if (own == role::client) return agreed.client_bits();
    const int bits = agreed.server_bits();
    if (!agreed.server_no_context_takeover || bits >= options.server_max_window_bits) return bits;
    return bits >= 12 ? 12 : 9;
}

}  // namespace millrace::websocket::detail

namespace millrace::websocket {

MILLRACE_INLINE compression_agreement
permessage_deflate::agree(role own, const std::optional<deflate_parameters>& agreed) const {
    if (!agreed) return {};
    return {to_header(*agreed),
            std::make_unique<detail::deflate_compressor>(own, *agreed, options_)};
}

}  // namespace millrace::websocket
