// The way of console text from a worker to its session: two rings of bytes in shared memory, one for the serial port and
// one for the debug port.
//
// Shared memory, and not a pipe, for two reasons: what the guest has said is still there when its worker dies in the next
// instruction, and the vCPU does not pay for a system call and a wake-up with each character. A full ring makes the
// writer wait, so nothing is lost and nothing grows.
//
//   writer  the vCPU's thread
//   reader  the session. It keeps its own position and looks at the writer's with suspicion: the writer's process runs
//           hostile guests.
//
// A reader that wants to sleep says so (arm()), and the next write wakes it, once, through ConsoleText.
#pragma once

#include "core/result.hpp"
#include "core/session/descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringside {

struct ConsoleRing {
    static constexpr uint64_t capacity = 64 * 1024;

    alignas(64) std::atomic<uint64_t> head { 0 };      // bytes ever written; the writer's
    alignas(64) std::atomic<uint64_t> tail { 0 };      // bytes ever taken; the reader's
    std::atomic<uint32_t> reader_sleeps { 0 };         // set by the reader, cleared by the writer that wakes it
    alignas(64) char bytes[capacity] = {};
};

struct ConsoleBlock {
    ConsoleRing serial; // COM1
    ConsoleRing debug;  // port 0xE9
};

class ConsoleMemory {
public:
    static Result<ConsoleMemory> create();
    static Result<ConsoleMemory> open(Descriptor descriptor);

    ConsoleMemory(ConsoleMemory&&) noexcept;
    ConsoleMemory& operator=(ConsoleMemory&&) noexcept;
    ~ConsoleMemory();

    int descriptor() const { return m_descriptor.get(); }
    ConsoleBlock& block() { return *m_block; }

private:
    ConsoleMemory() = default;
    static Result<ConsoleMemory> map(Descriptor descriptor);

    Descriptor m_descriptor;
    ConsoleBlock* m_block = nullptr;
};

class ConsoleWriter {
public:
    ConsoleWriter(ConsoleRing& ring, std::function<void()> wake_reader)
        : m_ring(ring)
        , m_wake_reader(std::move(wake_reader))
    {
    }

    // Waits while the ring is full.
    void write(std::string_view text);

private:
    std::size_t write_some(std::string_view text);

    ConsoleRing& m_ring;
    std::function<void()> m_wake_reader;
};

class ConsoleReader {
public:
    explicit ConsoleReader(ConsoleRing& ring)
        : m_ring(&ring)
    {
    }

    // Appends what is there to `out`, at most `limit` bytes; returns how many.
    std::size_t take(std::string& out, std::size_t limit);
    std::size_t available() const;
    // Asks to be woken by the next write. False if there is text already: then do not sleep.
    bool arm();

private:
    ConsoleRing* m_ring;
    uint64_t m_tail = 0;
};

}
