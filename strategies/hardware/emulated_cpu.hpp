// Whether the CPU that this program runs on is itself software: QEMU's TCG, with which AMD-V is tested where there is none.
#pragma once

namespace ringside {

bool cpu_is_emulated_by_qemu();

}
