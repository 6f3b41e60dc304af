// The bus: which device answers at a port or a guest-physical address. It refuses overlapping claims, splits accesses
// that are wider than a device's registers or that straddle two claims into bytes (as an ISA bridge does), and hands
// what nobody claims to the device that owns the unclaimed. An access that begins where nobody claims is unclaimed as a
// whole: a 32-bit write to the PCI address port 0xCF8 does not reach the reset control at 0xCF9.
#pragma once

#include "core/devices/device.hpp"
#include "core/machine/address.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace ringside {

class Bus {
public:
    // `unclaimed` receives everything else: region 0 for ports, region 1 + n for the n-th 4 GiB of memory, with
    // absolute offsets.
    explicit Bus(Device& unclaimed);
    ~Bus();

    // `widest` is the largest access that the device takes whole: 1, 2 or 4. If it is more than the claim is long, an
    // access at the base is taken whole although it reaches over the neighboring addresses.
    Result<void> claim_ports(Device& device, unsigned region, uint16_t base, uint32_t count, unsigned widest = 1);
    Result<void> claim_memory(Device& device, unsigned region, Gpa base, uint64_t size, unsigned widest = 4);

    // `size` is 1, 2 or 4. Ports wrap at 64 Ki as on the real bus.
    uint32_t read_port(uint16_t port, unsigned size);
    void write_port(uint16_t port, unsigned size, uint32_t value);

    // `size` is 1, 2 or 4 (callers split wider accesses). The address is not RAM.
    uint32_t read_memory(Gpa address, unsigned size);
    void write_memory(Gpa address, unsigned size, uint32_t value);

    // The device that answers there; the unclaimed one if nobody does. For traces and messages.
    const Device& device_at_port(uint16_t port) const;
    const Device& device_at_memory(Gpa address) const;

    struct Claim {
        Device* device = nullptr;
        unsigned region = 0;
        uint64_t base = 0;
        uint64_t size = 0;
        unsigned widest = 1;
    };
    const std::vector<Claim>& port_claims() const { return m_ports; }
    const std::vector<Claim>& memory_claims() const { return m_memory; }

private:
    const Claim& port_claim(uint16_t port) const;
    const Claim& memory_claim(Gpa address) const;

    std::vector<Claim> m_ports;   // [0] is the unclaimed
    std::vector<Claim> m_memory;  // [0] is the unclaimed
    std::unique_ptr<uint8_t[]> m_port_index; // port -> index into m_ports
};

}
