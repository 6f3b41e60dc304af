#include "strategies/native/fpu_state.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <asm/sigcontext.h>
#include <cpuid.h>
#include <cstring>

namespace ringside {

namespace {

constexpr std::size_t legacy_bytes = 512;
constexpr std::size_t mxcsr_offset = 24, mxcsr_mask_offset = 28;
constexpr std::size_t software_offset = 464;
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

// The kernel saves with XSAVE, and says so and how much in the bytes that the image leaves to software.
const struct _fpx_sw_bytes* kernel_notes(const ucontext_t& context)
{
    auto* frame = reinterpret_cast<const std::byte*>(context.uc_mcontext.fpregs);
    auto* notes = reinterpret_cast<const struct _fpx_sw_bytes*>(frame + software_offset);
    return notes->magic1 == FP_XSTATE_MAGIC1 ? notes : nullptr;
}

}

FpuState::FpuState()
{
    auto size = xsave_size();
    std::size_t bytes = (size.bytes + 63) & ~std::size_t { 63 };
    m_area.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
    VERIFY(m_area);
    std::memset(m_area.get(), 0, bytes);
    m_bytes = size.bytes;
    m_components = size.components & ~protection_keys;
}

// A reserved bit of MXCSR would make XRSTOR fault (SDM 1 §10.2.3).
void FpuState::load(const CpuState& state)
{
    std::memset(m_area.get() + legacy_bytes, 0, m_bytes - legacy_bytes);
    std::memcpy(m_area.get() + legacy_bytes, &x87_and_sse, sizeof(x87_and_sse)); // XSTATE_BV
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

void* FpuState::area_in(const ucontext_t& context)
{
    if (kernel_notes(context))
        return context.uc_mcontext.fpregs;
    take(context);
    return area();
}

// What is changed counts, although the components may have been in their initial state (SDM 1 §13.4.2).
std::byte* FpuState::image(ucontext_t* context)
{
    auto* image = context ? reinterpret_cast<std::byte*>(context->uc_mcontext.fpregs) : m_area.get();
    if (!context || kernel_notes(*context)) {
        uint64_t present = 0;
        std::memcpy(&present, image + legacy_bytes, sizeof(present));
        present |= x87_and_sse;
        std::memcpy(image + legacy_bytes, &present, sizeof(present));
    }
    return image;
}

void FpuState::take(const ucontext_t& context)
{
    const auto* notes = kernel_notes(context);
    std::size_t bytes = notes ? std::min<std::size_t>(notes->xstate_size, m_bytes) : software_offset;
    std::memcpy(m_area.get(), context.uc_mcontext.fpregs, bytes);
    std::memset(m_area.get() + software_offset, 0, legacy_bytes - software_offset);
    std::memset(m_area.get() + mxcsr_mask_offset, 0, 4);
}

}
