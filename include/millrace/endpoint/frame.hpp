#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/websocket/frame_header.hpp>
#include <millrace/websocket/frame_writer.hpp>

namespace millrace {

class frame_pool;

/// Bytes that are ready to be sent, shared by all who send them: a WebSocket frame with its header,
/// or an HTTP response. Copies are cheap and belong to the thread of their pool, which must outlive
/// them.
class frame {
public:
    frame() = default;
    frame(const frame& other) noexcept : block_{other.block_} {
        if (block_ != nullptr) ++block_->owners;
    }
    frame(frame&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
    frame& operator=(frame other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    inline ~frame();

    [[nodiscard]] std::string_view bytes() const noexcept {
        if (block_ == nullptr) return {};
        return std::string_view{block_->bytes}.substr(block_->start);
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }

private:
    friend class frame_pool;

    struct block {
        frame_pool* pool;
        std::size_t start = 0;
        std::size_t owners = 0;
        std::string bytes{};
    };

    explicit frame(block* taken) noexcept : block_{taken} { block_->owners = 1; }

    block* block_ = nullptr;
};

/// Makes frames and reuses their memory, so that in a steady state none is allocated.
class frame_pool {
public:
    /// Keeps at most this much memory in frames that are not in use.
    explicit frame_pool(std::size_t max_idle_bytes = 1024 * 1024)
        : max_idle_bytes_{max_idle_bytes} {}

    /// A frame whose payload is what `append(std::string&)` appends.
    template <class Append>
    [[nodiscard]] frame make_with(websocket::opcode op, Append&& append) {
        frame made = take();
        auto& block = *made.block_;
        block.bytes.resize(max_header_bytes);
        append(block.bytes);
        char header[websocket::max_frame_header_bytes];
        const std::size_t size =
            websocket::write_frame_header(header, op, block.bytes.size() - max_header_bytes);
        block.start = max_header_bytes - size;
        block.bytes.replace(block.start, size, header, size);
        return made;
    }

    [[nodiscard]] frame make(websocket::opcode op, std::string_view payload) {
        return make_with(op, [payload](std::string& out) { out.append(payload); });
    }

    /// Bytes as they are.
    [[nodiscard]] frame wrap(std::string bytes) {
        frame made = take();
        made.block_->start = 0;
        made.block_->bytes = std::move(bytes);
        return made;
    }

    [[nodiscard]] std::size_t idle_bytes() const noexcept { return idle_bytes_; }

private:
    friend class frame;

    /// Of an unmasked frame.
    static constexpr std::size_t max_header_bytes = 10;

    [[nodiscard]] frame take() {
        if (idle_.empty()) return frame{new frame::block{this}};
        auto block = std::move(idle_.back());
        idle_.pop_back();
        idle_bytes_ -= cost(*block);
        return frame{block.release()};
    }

    void put_back(std::unique_ptr<frame::block> block) noexcept {
        if (idle_bytes_ + cost(*block) > max_idle_bytes_) return;
        block->bytes.clear();
        idle_bytes_ += cost(*block);
        idle_.push_back(std::move(block));
    }

    [[nodiscard]] static std::size_t cost(const frame::block& block) noexcept {
        return sizeof block + block.bytes.capacity();
    }

    std::size_t max_idle_bytes_;
    std::size_t idle_bytes_ = 0;
    std::vector<std::unique_ptr<frame::block>> idle_;
};

inline frame::~frame() {
    if (block_ != nullptr && --block_->owners == 0)
        block_->pool->put_back(std::unique_ptr<block>{block_});
}

}  // namespace millrace
