// A device: what answers on ports or guest-physical addresses (one class, one file, leaf and final).
//
// A device sees offsets into a region that the bus gave it, never absolute addresses; it is handed the interrupt lines
// it drives; its state is one plain struct; registers() describes that state for the inspector and the docs. It knows
// nothing about drawing, strategies or threads: all calls come from the thread that runs the vCPU.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// An interrupt input: whoever receives interrupt requests by number.
class InterruptInput {
public:
    virtual ~InterruptInput() = default;
    virtual void set_line(unsigned line, bool level) = 0;
};

// One wire from a device to an input. Copyable; a default-made one leads nowhere.
class InterruptLine {
public:
    InterruptLine() = default;
    InterruptLine(InterruptInput& input, unsigned number)
        : m_input(&input)
        , m_number(number)
    {
    }
    void set(bool level) const
    {
        if (m_input)
            m_input->set_line(m_number, level);
    }

private:
    InterruptInput* m_input = nullptr;
    unsigned m_number = 0;
};

// One row of a device's register table, for people.
struct RegisterView {
    std::string name;
    uint64_t value = 0;
    unsigned bits = 8;
    std::string meaning; // the value in words, may be empty
};

class Device {
public:
    virtual ~Device() = default;

    virtual std::string_view name() const = 0;
    // `region` is the number under which the device claimed the range; `size` is 1, 2 or 4 and never more than the
    // claim's widest access; offset + size lies inside the range. Values use the low `size` bytes.
    virtual uint32_t read(unsigned region, uint32_t offset, unsigned size) = 0;
    virtual void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) = 0;
    virtual std::vector<RegisterView> registers() const = 0;
};

}
