/* The entries of the hypercall page that assembly jumps to: a jump needs a symbol, which the linker turns into a distance. */
#include "core/paravirt_abi.h"

    .global hypercall_iret, hypercall_return_to_ring_3
    .set hypercall_iret, PV_ENTRY(PV_IRET)
    .set hypercall_return_to_ring_3, PV_ENTRY(PV_RETURN_TO_RING_3)
