#include <millrace/client/detail/slot.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "catch.hpp"

using millrace::detail::client_slot;

namespace {

using traits = std::allocator_traits<client_slot::allocator<std::byte>>;

bool is_within(const void* memory, const client_slot& slot) {
    const auto* const at = static_cast<const std::byte*>(memory);
    const auto* const begin = reinterpret_cast<const std::byte*>(&slot);
    return !std::less<>{}(at, begin) && std::less<>{}(at, begin + sizeof slot);
}

}  // namespace

TEST_CASE("small memory is the slot's own, large memory is not") {
    client_slot slot;
    client_slot::allocator<std::byte> from{slot};
    for (const std::size_t size : {1u, 128u, 100'000u}) {
        CAPTURE(size);
        std::byte* const memory = traits::allocate(from, size);
        CHECK(is_within(memory, slot) == (size < 1000));
        memory[size - 1] = std::byte{1};
        traits::deallocate(from, memory, size);
    }
}

TEST_CASE("allocators of one slot are equal, whatever they allocate") {
    client_slot slot, other;
    const client_slot::allocator<std::byte> bytes{slot};
    const client_slot::allocator<long> longs{bytes};
    CHECK(client_slot::allocator<std::byte>{longs} == bytes);
    CHECK(client_slot::allocator<std::byte>{other} != bytes);
}

TEST_CASE("posted handlers run, of any size, and may be posted again from within") {
    asio::io_context io;
    client_slot slot;
    int runs = 0;
    std::array<char, 1000> ballast{};
    asio::post(io, client_slot::handler{
                       slot, [&, ballast] {
                           runs += 1 + ballast[0];
                           asio::post(io, client_slot::handler{slot, [&] { runs += 10; }});
                       }});
    io.run();
    CHECK(runs == 11);
}

TEST_CASE("a handler that never runs goes with its io_context") {
    const auto kept = std::make_shared<client_slot>();
    {
        asio::io_context io;
        std::thread{[&] { asio::post(io, client_slot::handler{*kept, [kept] {}}); }}.join();
        CHECK(kept.use_count() == 2);
    }
    CHECK(kept.use_count() == 1);
}
