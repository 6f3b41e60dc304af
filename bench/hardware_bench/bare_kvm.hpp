// The least that a KVM monitor can be: no devices, no bus, no counters. What a port write means is nobody's business.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

struct kvm_run;

namespace ringside {

class BareKvm {
public:
    // 32-bit `code`, entered at 1 MiB in ring 0 with flat segments and without paging. It ends with HLT.
    static Result<std::unique_ptr<BareKvm>> create(std::span<const uint8_t> code);
    ~BareKvm();

    // With ECX = `count`: seconds to HLT; nothing if the guest did not get there.
    std::optional<double> run(uint32_t count);

private:
    BareKvm() = default;

    int m_system = -1, m_machine = -1, m_cpu = -1;
    uint8_t* m_memory = nullptr;
    kvm_run* m_run = nullptr; // the page that the virtual CPU shares
    int m_run_bytes = 0;
};

}
