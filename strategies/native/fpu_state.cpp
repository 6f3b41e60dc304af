#include "strategies/native/fpu_state.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <cpuid.h>
#include <cstring>

namespace ringside {

namespace {

constexpr std::size_t legacy_bytes = 512;
constexpr std::size_t mxcsr_offset = 24, mxcsr_mask_offset = 28;
constexpr uint64_t x87_and_sse = 3;
constexpr uint64_t protection_keys = 1 << 9; // not the guest's, and not to be reset

struct XsaveSize {
    std::size_t bytes = 0;
    uint64_t components = 0;
};

// SDM 1 §13.2: leaf 0xD says what XCR0 enables and how much room it takes.
XsaveSize xsave_size()
{
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    VERIFY(__get_cpuid_count(0xD, 0, &eax, &ebx, &ecx, &edx));
    return { std::max<std::size_t>(ebx, legacy_bytes + 64), uint64_t { edx } << 32 | eax };
}

}

FpuState::FpuState()
{
    auto size = xsave_size();
    std::size_t bytes = (size.bytes + 63) & ~std::size_t { 63 };
    m_area.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
    VERIFY(m_area);
    std::memset(m_area.get(), 0, bytes);
    std::memcpy(m_area.get() + legacy_bytes, &x87_and_sse, sizeof(x87_and_sse)); // XSTATE_BV
    m_components = size.components & ~protection_keys;
}

// A reserved bit of MXCSR would make XRSTOR fault (SDM 1 §10.2.3).
void FpuState::load(const CpuState& state)
{
    std::memcpy(m_area.get(), state.fxsave.data(), legacy_bytes);
    uint32_t mxcsr = 0;
    std::memcpy(&mxcsr, m_area.get() + mxcsr_offset, sizeof(mxcsr));
    mxcsr &= 0xFFFF;
    std::memcpy(m_area.get() + mxcsr_offset, &mxcsr, sizeof(mxcsr));
}

void FpuState::save(CpuState& state) const
{
    std::memcpy(state.fxsave.data(), m_area.get(), legacy_bytes);
}

// The kernel keeps notes of its own in the last bytes of the image, which software may use; they are not the guest's.
void FpuState::take(const ucontext_t& context)
{
    constexpr std::size_t guest_bytes = 464;
    std::memcpy(m_area.get(), context.uc_mcontext.fpregs, guest_bytes);
    std::memset(m_area.get() + mxcsr_mask_offset, 0, 4);
}

}
