// Whether this KVM runs what every guest of ours needs: a kernel that enables 32-bit paging. Not all do.
#pragma once

#include "strategies/hardware/kvm.hpp"

namespace ringside {

// Runs a guest of three instructions: MOV CR0 with PG set, OUT, HLT. True if all three were executed, false if the guest
// ended on the way; an error if there could not even be a guest.
Result<bool> prove_paging(const KvmSystem& system);

}
