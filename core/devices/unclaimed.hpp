// The device that owns what nobody claims: it reports every access and reads as ones, as a bus without a driver does.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct UnclaimedAccess {
    bool is_memory = false; // else a port
    bool is_write = false;
    uint64_t address = 0;
    unsigned size = 0;  // 1, 2 or 4
    uint32_t value = 0; // written, or the ones that were read
};

struct UnclaimedState {
    uint64_t port_reads = 0;
    uint64_t port_writes = 0;
    uint64_t memory_reads = 0;
    uint64_t memory_writes = 0;
};

class Unclaimed final : public Device {
public:
    explicit Unclaimed(std::function<void(const UnclaimedAccess&)> report);

    std::string_view name() const override { return "unclaimed"; }
    // Region 0: ports. Region 1 + n: the n-th 4 GiB of memory.
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const UnclaimedState& state() const { return m_state; }

private:
    UnclaimedState m_state;
    std::function<void(const UnclaimedAccess&)> m_report;
};

}
