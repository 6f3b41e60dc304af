// What the native substrate's tests share: the window of this process, and whether a host address can be read or written.
#pragma once

#include "strategies/native/probe.hpp"
#include "strategies/native/window.hpp"
#include "tests/catch.hpp"

#include <cstdint>
#include <sys/uio.h>
#include <unistd.h>

namespace ringside::test {

// Tests of what this host or this build cannot do say so and pass.
inline bool native_available()
{
    auto availability = probe_native();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

// Through the kernel, which answers EFAULT where a program would get a signal.
inline bool can_read(uint64_t address)
{
    char byte = 0;
    iovec local { &byte, 1 }, remote { reinterpret_cast<void*>(address), 1 };
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

inline bool can_write(uint64_t address)
{
    char byte = 0;
    iovec local { &byte, 1 }, remote { reinterpret_cast<void*>(address), 1 };
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1
        && process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == 1;
}

}
