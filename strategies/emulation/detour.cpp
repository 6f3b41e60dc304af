#include "strategies/emulation/detour.hpp"

#include "core/machine/address.hpp"

#include <array>
#include <cstring>
#include <sys/mman.h>

namespace ringside {

namespace {

// A page that can be written, behind `end` and as near to it as there is room; 0 if there is none within reach.
[[maybe_unused]] uintptr_t map_page_behind(uintptr_t end)
{
    constexpr uintptr_t reach = uintptr_t { 1 } << 30, step = 16 * page_size;
    for (uintptr_t at = end; at < end + reach; at += step) {
        constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        void* page = mmap(reinterpret_cast<void*>(at), page_size, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (page == reinterpret_cast<void*>(at))
            return at;
        if (page != MAP_FAILED) // a kernel that takes the address for a hint
            munmap(page, page_size);
    }
    return 0;
}

}

#if defined(__x86_64__)

// The stack is aligned as for the calls that blocks make themselves.
Detour::Detour(uintptr_t onward, uintptr_t end, Function function, void* object)
{
    std::array<uint8_t, 36> code {
        0x48, 0xBF, 0, 0, 0, 0, 0, 0, 0, 0, // mov rdi, object
        0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, // mov rax, function
        0xFF, 0xD0,                         // call rax
        0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, // mov rax, onward
        0xFF, 0xE0,                         // jmp rax
    };
    auto callee = reinterpret_cast<uintptr_t>(function);
    std::memcpy(&code[2], &object, sizeof(object));
    std::memcpy(&code[12], &callee, sizeof(callee));
    std::memcpy(&code[24], &onward, sizeof(onward));
    uintptr_t page = map_page_behind(end);
    if (page == 0)
        return;
    auto* bytes = reinterpret_cast<void*>(page);
    std::memcpy(bytes, code.data(), code.size());
    if (mprotect(bytes, page_size, PROT_READ | PROT_EXEC) == 0)
        m_address = page;
    else
        munmap(bytes, page_size);
}

#else

Detour::Detour(uintptr_t, uintptr_t, Function, void*)
{
}

#endif

Detour::~Detour()
{
    if (m_address != 0)
        munmap(reinterpret_cast<void*>(m_address), page_size);
}

}
