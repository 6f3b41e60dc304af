#include "core/trace/hardware_exits.hpp"
#include "tests/catch.hpp"

using namespace ringside;

TEST_CASE("The reasons of VT-x and AMD-V share a field and keep apart", "[trace][hardware]")
{
    auto cpuid_of_intel = hardware_exit_code(HardwareIsa::VtX, 10);
    auto cpuid_of_amd = hardware_exit_code(HardwareIsa::AmdV, 0x72);
    CHECK(cpuid_of_intel != cpuid_of_amd);
    CHECK(hardware_exit_name(cpuid_of_intel) == "VT-x 10 CPUID");
    CHECK(hardware_exit_name(cpuid_of_amd) == "AMD-V 0x72 CPUID");
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::AmdV, 0x10)) == "AMD-V 0x10 write of CR0");
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::AmdV, 0x27)) == "AMD-V 0x27 read of DR7");
}

TEST_CASE("Reasons that nobody has named are shown as numbers", "[trace][hardware]")
{
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::AmdV, 0x3FF)) == "AMD-V 0x3ff");
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::VtX, 69)) == "VT-x 69");
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::AmdV, 0xFFFFFFFF)) == "AMD-V 0x3fffffff");
}

TEST_CASE("An entry into the guest that failed is told with its reason", "[trace][hardware]")
{
    CHECK(hardware_exit_name(hardware_exit_code(HardwareIsa::VtX, 0x80000021)) == "VT-x 33 invalid guest state, entry failed");
}

TEST_CASE("What the host's kernel settles falls into three kinds", "[trace][hardware]")
{
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::AmdV, 0x400)) == EventKind::HostPageFault);
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::VtX, 48)) == EventKind::HostPageFault);
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::AmdV, 0x60)) == EventKind::HostInterrupt);
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::VtX, 1)) == EventKind::HostInterrupt);
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::AmdV, 0x72)) == EventKind::KernelExit);
    CHECK(kind_of_hardware_exit(hardware_exit_code(HardwareIsa::VtX, 500)) == EventKind::KernelExit);
}
