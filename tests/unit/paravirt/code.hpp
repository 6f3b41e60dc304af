// A few 32-bit instructions, put together by name.
#pragma once

#include "core/paravirt_abi.h"

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace ringside::test {

class Code {
public:
    explicit Code(uint32_t at) : m_at(at) { }

    uint32_t here() const { return m_at + static_cast<uint32_t>(m_bytes.size()); }
    const std::vector<uint8_t>& bytes() const { return m_bytes; }

    Code& raw(std::initializer_list<uint8_t> bytes)
    {
        m_bytes.insert(m_bytes.end(), bytes);
        return *this;
    }
    Code& word(uint32_t value)
    {
        for (unsigned shift = 0; shift < 32; shift += 8)
            m_bytes.push_back(static_cast<uint8_t>(value >> shift));
        return *this;
    }
    // `reg` as in enum Gpr.
    Code& mov(unsigned reg, uint32_t value) { return raw({ static_cast<uint8_t>(0xB8 + reg) }).word(value); }
    Code& store(uint32_t address, uint32_t value) { return raw({ 0xC7, 0x05 }).word(address).word(value); }
    Code& store_eax(uint32_t address) { return raw({ 0xA3 }).word(address); }
    Code& increment(uint32_t address) { return raw({ 0xFF, 0x05 }).word(address); }
    Code& push(uint32_t value) { return raw({ 0x68 }).word(value); }
    Code& call(uint32_t target) { return raw({ 0xE8 }).word(target - here() - 4); }
    Code& jump(uint32_t target) { return raw({ 0xE9 }).word(target - here() - 4); }
    Code& jump_if_not_zero(uint32_t target) { return raw({ 0x0F, 0x85 }).word(target - here() - 4); }
    Code& hypercall(uint32_t number, uint32_t structure = 0) { return mov(0, structure).call(PV_ENTRY(number)); }
    Code& hypercall_jump(uint32_t number) { return jump(PV_ENTRY(number)); }
    // By the gate; EDX is lost.
    Code& system_call()
    {
        return mov(2, here() + 12).raw({ 0xEA }).word(PV_SYSTEM_CALL_GATE).raw({ PV_GATE_SELECTOR, 0 });
    }

private:
    uint32_t m_at;
    std::vector<uint8_t> m_bytes;
};

}
