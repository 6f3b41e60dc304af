// The way of console text from a worker to its session: two rings of bytes in shared memory, one for the serial port
// and one for the debug port.
//
// Shared memory, and not a pipe, for two reasons: what the guest has said is still there when its worker dies in the
// next instruction, and the vCPU does not pay for a system call and a wake-up with each character. A full ring makes
// the writer wait, so nothing is lost and nothing grows.
//
//   writer  the vCPU's thread
//   reader  the session. It keeps its own position and looks at the writer's with suspicion: the writer's process runs
//           hostile guests.
//
// Nobody is woken: the reader looks again after some milliseconds. A wake-up by the writer would be part of the guest's
// exit, and cost it more than everything else that a port access does.
#pragma once

#include "core/result.hpp"
#include "core/session/shared_memory.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ringside {

struct ConsoleRing {
    static constexpr uint64_t capacity = 64 * 1024;

    alignas(64) std::atomic<uint64_t> head { 0 }; // bytes ever written; the writer's
    alignas(64) std::atomic<uint64_t> tail { 0 }; // bytes ever taken; the reader's
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

    int descriptor() const { return m_memory.descriptor(); }
    void close_descriptor() { m_memory.close_descriptor(); }
    ConsoleBlock& block() { return *static_cast<ConsoleBlock*>(m_memory.data()); }

private:
    explicit ConsoleMemory(SharedMemory memory)
        : m_memory(std::move(memory))
    {
    }

    SharedMemory m_memory;
};

class ConsoleWriter {
public:
    explicit ConsoleWriter(ConsoleRing& ring)
        : m_ring(ring)
    {
    }

    // Waits while the ring is full.
    void write(std::string_view text);

private:
    std::size_t write_some(std::string_view text);

    ConsoleRing& m_ring;
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

private:
    ConsoleRing* m_ring;
    uint64_t m_tail = 0;
};

}
