#include "strategies/paravirt/event_controllers.hpp"

#include "core/paravirt_abi.h"

namespace ringside::paravirt {

namespace {

// 8259A data sheet, "Initialization Command Words".
constexpr uint16_t first_command = 0x20, first_data = 0x21, second_command = 0xA0, second_data = 0xA1;
constexpr uint32_t cascade_needs_word_4 = 0x11, mode_8086_automatic_end = 0x03, cascade_input = 2, none_masked = 0;

// 8254 data sheet, "Control Word Format": counter 0, both bytes, as rate generator; or stopped, waiting for a count.
constexpr uint16_t counter_0 = 0x40, control_word = 0x43;
constexpr uint32_t rate_generator = 0x34, stopped = 0x30;
constexpr uint64_t timer_hertz = 1193182;

// PC16550D §8: received data is announced, FIFOs are on, the interrupt output is connected.
constexpr uint16_t interrupt_enable = 0x3F9, fifo_control = 0x3FA, modem_control = 0x3FC;
constexpr uint32_t received_data = 0x01, fifos_on = 0x07, interrupts_connected = 0x0B;

void initialize_controller(Bus& bus, uint16_t command, uint16_t data, uint32_t first_vector, uint32_t cascade)
{
    bus.write_port(command, 1, cascade_needs_word_4);
    bus.write_port(data, 1, first_vector);
    bus.write_port(data, 1, cascade);
    bus.write_port(data, 1, mode_8086_automatic_end);
    bus.write_port(data, 1, none_masked);
}

}

void initialize_event_controllers(Bus& bus)
{
    initialize_controller(bus, first_command, first_data, PV_FIRST_EVENT_VECTOR, 1u << cascade_input);
    initialize_controller(bus, second_command, second_data, PV_FIRST_EVENT_VECTOR + 8, cascade_input);
    bus.write_port(fifo_control, 1, fifos_on);
    bus.write_port(modem_control, 1, interrupts_connected);
    bus.write_port(interrupt_enable, 1, received_data);
}

uint32_t set_event_timer(Bus& bus, uint32_t period)
{
    if (period == 0) {
        bus.write_port(control_word, 1, stopped);
        return 0;
    }
    constexpr uint64_t second = 1'000'000'000;
    uint64_t steps = (period * timer_hertz + second / 2) / second;
    bus.write_port(control_word, 1, rate_generator);
    bus.write_port(counter_0, 1, static_cast<uint32_t>(steps & 0xFF));
    bus.write_port(counter_0, 1, static_cast<uint32_t>(steps >> 8));
    return static_cast<uint32_t>((steps * second + timer_hertz / 2) / timer_hertz);
}

}
