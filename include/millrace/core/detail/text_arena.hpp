#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace::detail {

/// Keeps texts where they do not move, until it is cleared.
class text_arena {
public:
    static constexpr std::size_t chunk_bytes = 16 * 1024;

    [[nodiscard]] std::string_view keep(std::string_view text) {
        if (text.empty()) return {};
        if (text.size() > free_bytes_) add_chunk(text.size());
        char* const to = free_;
        std::memcpy(to, text.data(), text.size());
        free_ += text.size();
        free_bytes_ -= text.size();
        return {to, text.size()};
    }

    /// Keeps one chunk for what comes next.
    void clear() noexcept {
        if (chunks_.empty()) return;
        chunks_.resize(1);
        free_ = chunks_.front().get();
        free_bytes_ = chunk_bytes;
    }

private:
    void add_chunk(std::size_t at_least) {
        // The first is of the usual size, for it is used again.
        if (chunks_.empty() && at_least > chunk_bytes) add_chunk(chunk_bytes);
        const std::size_t size = at_least > chunk_bytes ? at_least : chunk_bytes;
        chunks_.push_back(std::make_unique<char[]>(size));
        free_ = chunks_.back().get();
        free_bytes_ = size;
    }

    std::vector<std::unique_ptr<char[]>> chunks_;
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
};

}  // namespace millrace::detail
