// In words: why KVM cannot go on with a guest.
#pragma once

#include <linux/kvm.h>
#include <string>

namespace ringside {

// Of a block whose exit is none that a guest can have done on purpose. An instruction that KVM cannot execute is named, with
// its bytes where KVM tells them.
std::string describe_exit(const kvm_run& block);

}
