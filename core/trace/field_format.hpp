// One formatter for the fields of events: the field's name in events.inc chooses how its value reads.
//
//   port 0x3f8 (COM1)   vector #PF   error_code "not present, write, from ring 3"   irq 4 (COM1)   from "ring 3"
#pragma once

#include "core/trace/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

// True if there is a format for fields of this name. Every name in events.inc has one; others read as hexadecimal.
bool is_known_field(std::string_view field);

// Appends the value as people read it. `record` is the event that the field belongs to: an error code is decoded by the
// vector beside it. The text is ASCII.
void append_field(std::string& out, const EventField& field, const EventRecord& record);
std::string format_field(const EventField& field, const EventRecord& record);

// The device that a PC has at this port ("COM1"), by this line ("timer"), or "".
std::string_view port_name(uint64_t port);
std::string_view irq_name(uint64_t irq);

// "not present, write, from ring 3" (SDM 3A figure 4-12).
std::string page_fault_words(uint64_t error_code);

}
