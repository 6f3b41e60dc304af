// SharedMemory: a piece of memory of fixed size that a session and its worker have in common: a memfd, mapped. It is
// sealed: a worker that shrank the file would make the session die of SIGBUS.
#pragma once

#include "core/result.hpp"
#include "core/session/descriptor.hpp"

#include <cstddef>
#include <string>

namespace ringside {

class SharedMemory {
public:
    // Zero-filled. `name` says what the memory is for, in messages and in /proc/PID/maps.
    static Result<SharedMemory> create(const std::string& name, std::size_t bytes);
    // Refuses a descriptor of anything but memory of exactly this size.
    static Result<SharedMemory> open(Descriptor descriptor, const std::string& name, std::size_t bytes);

    SharedMemory(SharedMemory&&) noexcept;
    SharedMemory& operator=(SharedMemory&&) noexcept;
    ~SharedMemory();

    int descriptor() const { return m_descriptor.get(); } // -1 once closed
    void close_descriptor() { m_descriptor.reset(); }      // the mapping stays
    void* data() const { return m_data; }

private:
    SharedMemory() = default;
    static Result<SharedMemory> map(Descriptor descriptor, const std::string& name, std::size_t bytes);

    Descriptor m_descriptor;
    void* m_data = nullptr;
    std::size_t m_bytes = 0;
};

}
