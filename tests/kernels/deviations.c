// What emulation is known not to do (docs/CAVEATS.md). These checks report; they do not fail, and one that passes one day
// is moved to where it belongs.
#include "runtime.h"

enum { SMALL_DATA = 0x40, SMALL_CODE = 0x48, DOWN_DATA = 0x50, READ_ONLY = 0x58 };

// --- segment limits and rights: SDM 3A §5.3, §5.5 -------------------------------------------------------------------

CODE(read_within, "movl $0x40, %eax; movw %ax, %gs; movl %gs:0xFFC, %eax")
CODE(read_beyond, "movl $0x40, %eax; movw %ax, %gs; movl %gs:0x1000, %eax")
CODE(read_across, "movl $0x40, %eax; movw %ax, %gs; movl %gs:0xFFD, %eax")
CODE(read_below_expand_down, "movl $0x50, %eax; movw %ax, %gs; movl %gs:0x10, %eax")
CODE(write_read_only, "movl $0x58, %eax; movw %ax, %gs; movl %gs:0x7000, %ecx; movl %ecx, %gs:0x7000")
CODE(read_null, "xorl %eax, %eax; movw %ax, %gs; movl %gs:0x7000, %eax")
CODE(jump_beyond, "ljmp $0x48, $0x2000")
CODE(stack_beyond, "movl %esp, %ecx; movl $0x40, %eax; movw %ax, %ss; movl $0x2000, %esp; popl %eax; movl $0x10, %eax; movw %ax, %ss; movl %ecx, %esp")

static void expect(const char *name, void (*code)(void), int vector)
{
    check_or_deviate(name, (uint32_t)vector, (uint32_t)probe(code));
}

static void test_segments(void)
{
    set_segment(SMALL_DATA, 0, 0xFFF, 0x93, 4);
    set_segment(SMALL_CODE, 0, 0xFFF, 0x9B, 4);
    set_segment(DOWN_DATA, 0, 0xFFF, 0x97, 4);
    set_segment(READ_ONLY, 0, 0xFFFFF, 0x91, 0xC);
    check("read within the limit", (uint32_t)NO_TRAP, (uint32_t)probe(read_within));
    expect("#GP read beyond the limit", read_beyond, GP);
    expect("#GP read across the limit", read_across, GP);
    expect("#GP read below an expand-down segment", read_below_expand_down, GP);
    expect("#GP write to a read-only segment", write_read_only, GP);
    expect("#GP read through a null selector", read_null, GP);
    expect("#GP far jump beyond the limit", jump_beyond, GP);
    expect("#SS stack beyond the limit", stack_beyond, SS);
}

// --- #AC, #XM -------------------------------------------------------------------------------------------------------

CODE(misaligned, "movl 1(%esp), %eax; int $0x80")
CODE(sse_divide, "pushl $0x1D80; ldmxcsr (%esp); addl $4, %esp; xorps %xmm1, %xmm1; cvtsi2ss %esp, %xmm0; divss %xmm1, %xmm0")
CODE(sse_misaligned, "movaps 1(%esp), %xmm0")

static void test_alignment(void)
{
    write_cr0(read_cr0() | CR0_AM);
    user_flags = 2 | FLAG_AC;
    check_or_deviate("#AC in ring 3", AC, (uint32_t)probe_user(misaligned, USER_STACK - 64));
    user_flags = 2;
    check("none without eflags.ac", 0x80, (uint32_t)probe_user(misaligned, USER_STACK - 64));
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    expect("#XM", sse_divide, XM);
    expect("#GP misaligned movaps", sse_misaligned, GP);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    test_segments();
    test_alignment();
}
