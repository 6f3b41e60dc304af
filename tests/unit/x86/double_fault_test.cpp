// SDM 3A table 6-5: which second fault makes a double fault, and what ends in shutdown.
#include "core/x86/delivery.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint16_t missing_page_selector = 0x0C; // in an LDT whose page is not mapped: using it is a page fault

struct DoubleFaults : TestGuest {
    DoubleFaults()
    {
        fill_idt();
        enable_paging();
        state.ldtr = { ldt_selector, ldt_attributes, ldt_at, 0xFF };
        unmap(ldt_at);
        enter_ring(3);
    }
    void break_gate(unsigned vector)
    {
        set_gate(vector, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate & ~not_present));
    }
    void make_gate_page_fault(unsigned vector)
    {
        set_gate(vector, Descriptor::gate(Selector { missing_page_selector }, handler_at, interrupt_gate));
    }
    std::vector<unsigned> vectors(const Delivery& delivery) const
    {
        std::vector<unsigned> result;
        for (const auto& step : delivery.chain())
            result.push_back(step.vector);
        return result;
    }
    Event event_of(unsigned vector) const
    {
        auto number = static_cast<uint8_t>(vector);
        return vector >= 10 && vector <= 14 ? exception_event(state, number, 0) : exception_event(state, number);
    }
};

using Vectors = std::vector<unsigned>;

}

TEST_CASE("A benign first event and any second fault are handled serially", "[double-fault]")
{
    DoubleFaults guest;
    unsigned vector = GENERATE(1u, 3u, 4u, 5u, 6u, 7u, 16u, 17u, 18u, 19u);
    SECTION("contributory")
    {
        guest.break_gate(vector);
        auto result = deliver(guest.state, guest.memory, guest.event_of(vector));
        CHECK(guest.vectors(result) == Vectors { vector, NP });
    }
    SECTION("page fault")
    {
        guest.make_gate_page_fault(vector);
        auto result = deliver(guest.state, guest.memory, guest.event_of(vector));
        CHECK(guest.vectors(result) == Vectors { vector, PF });
    }
}

TEST_CASE("Interrupts are benign, whatever their vector", "[double-fault]")
{
    DoubleFaults guest;
    auto type = GENERATE(EventType::ExternalInterrupt, EventType::SoftwareInterrupt, EventType::Nmi);
    guest.enter_ring(0);
    guest.break_gate(GP);
    auto result = deliver(guest.state, guest.memory, { type, GP, false, 0, 0, guest.state.eip, 0 });
    CHECK(guest.vectors(result) == Vectors { GP, NP });
}

TEST_CASE("A contributory fault during a contributory one is a double fault", "[double-fault]")
{
    DoubleFaults guest;
    unsigned vector = GENERATE(0u, 10u, 12u, 13u);
    guest.break_gate(vector);
    auto result = deliver(guest.state, guest.memory, guest.event_of(vector));
    CHECK(guest.vectors(result) == Vectors { vector, NP, DF });
    CHECK(result.outcome == Delivery::Outcome::Delivered);
    CHECK(result.vector == DF);
    CHECK(result.has_error_code);
    CHECK(result.error_code == 0);
    CHECK(guest.state.eip == DoubleFaults::handler_of(DF));
    CHECK(guest.stack(2) == std::vector<uint32_t> { 0, code_at });
}

TEST_CASE("A page fault during a contributory fault is handled serially", "[double-fault]")
{
    DoubleFaults guest;
    unsigned vector = GENERATE(0u, 10u, 11u, 12u, 13u);
    guest.make_gate_page_fault(vector);
    auto result = deliver(guest.state, guest.memory, guest.event_of(vector));
    CHECK(guest.vectors(result) == Vectors { vector, PF });
    CHECK(guest.state.cr2 == ldt_at + 8);
}

TEST_CASE("Any fault during a page fault is a double fault", "[double-fault]")
{
    DoubleFaults guest;
    auto event = exception_event(guest.state, PF, 2, 0xC0000000);
    SECTION("contributory")
    {
        guest.break_gate(PF);
        auto result = deliver(guest.state, guest.memory, event);
        CHECK(guest.vectors(result) == Vectors { PF, NP, DF });
        CHECK(guest.state.cr2 == 0xC0000000);
    }
    SECTION("page fault, whose address is in CR2")
    {
        guest.make_gate_page_fault(PF);
        auto result = deliver(guest.state, guest.memory, event);
        CHECK(guest.vectors(result) == Vectors { PF, PF, DF });
        CHECK(guest.state.cr2 == ldt_at + 8);
    }
}

TEST_CASE("Serial faults can still end in a double fault", "[double-fault]")
{
    DoubleFaults guest;
    guest.break_gate(32);
    guest.make_gate_page_fault(NP);
    guest.break_gate(PF);
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
    CHECK(guest.vectors(result) == Vectors { 32, NP, PF, NP, DF });
}

TEST_CASE("EXT is clear for what INT n meets, and set from then on", "[double-fault]")
{
    DoubleFaults guest;
    guest.enter_ring(0);
    guest.break_gate(0x80);
    guest.make_gate_page_fault(NP);
    guest.break_gate(PF);
    auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x80));
    REQUIRE(guest.vectors(result) == Vectors { 0x80, NP, PF, NP, DF });
    CHECK(result.chain()[1].error_code == (0x80 * 8 | 2));
    CHECK(result.chain()[3].error_code == (PF * 8 | 3));
}

TEST_CASE("A fault during a double fault shuts the processor down, and the chain tells why", "[double-fault]")
{
    DoubleFaults guest;
    guest.make_gate_page_fault(PF);
    guest.break_gate(DF);
    auto result = deliver(guest.state, guest.memory, exception_event(guest.state, PF, 2, 0xC0000000));
    CHECK(result.outcome == Delivery::Outcome::TripleFault);
    CHECK(result.from_ring == 3);
    CHECK(result.to_ring == 3);
    CHECK(guest.state.eip == code_at);
    CHECK(describe_chain(result)
        == "#PF(0x2) at address 0xC0000000, then #PF(0x0) at address 0x00004008, then #DF(0x0), then #NP(0x43)");
}

TEST_CASE("An empty IDT turns every event into a triple fault", "[double-fault]")
{
    DoubleFaults guest;
    guest.state.idtr.limit = 0;
    SECTION("exception")
    {
        auto result = deliver(guest.state, guest.memory, exception_event(guest.state, UD));
        CHECK(result.outcome == Delivery::Outcome::TripleFault);
        CHECK(guest.vectors(result) == Vectors { UD, GP, GP, DF, GP });
    }
    SECTION("interrupt")
    {
        auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
        CHECK(result.outcome == Delivery::Outcome::TripleFault);
        CHECK(guest.vectors(result) == Vectors { 32, GP, GP, DF, GP });
    }
}

TEST_CASE("INT 8 that fails is no double fault", "[double-fault]")
{
    DoubleFaults guest;
    guest.enter_ring(0);
    guest.break_gate(DF);
    auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, DF));
    CHECK(guest.vectors(result) == Vectors { DF, NP });
    CHECK(result.outcome == Delivery::Outcome::Delivered);
}
