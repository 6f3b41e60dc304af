// The attacks that say so are real: carried out by a process that nothing confines, they harm the canaries. The payload is
// the one that the attacking guest carries.
#include "tests/catch.hpp"
#include "tests/escape/attack.hpp"
#include "tests/escape/canaries.hpp"

#include <chrono>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

namespace {

using namespace std::chrono_literals;

std::string payload_bytes()
{
    std::ifstream file(escape_file("payload.bin"), std::ios::binary);
    return { std::istreambuf_iterator<char>(file), {} };
}

// In a child process. A sanitizer's or a debugger's own mappings may be in the way: then there is nothing to run.
[[noreturn]] void become_payload(const std::string& payload, const orders& orders)
{
    void* memory = mmap(reinterpret_cast<void*>(PAYLOAD_ADDRESS), PAYLOAD_STACK - PAYLOAD_ADDRESS,
        PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    std::memcpy(memory, payload.data(), payload.size());
    reinterpret_cast<int64_t (*)(const struct orders*)>(memory)(&orders);
    for (;;)
        pause();
}

bool kernel_forbids(const Attack& attack)
{
    std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
    int scope = 0;
    file >> scope;
    bool traces = attack.number == ATTACK_trace_victim || attack.number == ATTACK_write_session;
    return traces && scope > 0 && geteuid() != 0;
}

bool harms(const Attack& attack)
{
    Canaries canaries;
    REQUIRE(canaries.harm() == "");
    orders orders {};
    orders.attack = attack.number;
    orders.random = 1;
    canaries.describe(orders);
    auto payload = payload_bytes();
    REQUIRE(payload.size() > 100);
    pid_t attacker = fork();
    REQUIRE(attacker >= 0);
    if (attacker == 0)
        become_payload(payload, orders);
    auto give_up = std::chrono::steady_clock::now() + 5s;
    while (canaries.harm().empty() && std::chrono::steady_clock::now() < give_up)
        std::this_thread::sleep_for(2ms);
    auto harm = canaries.harm();
    kill(attacker, SIGKILL);
    waitpid(attacker, nullptr, 0);
    return !harm.empty();
}

}

TEST_CASE("in a process that is not confined the same attacks succeed", "[escape]")
{
    int proven = 0;
    for (const auto& attack : attacks()) {
        if (!attack.is_proven)
            continue;
        INFO(attack.name);
        if (kernel_forbids(attack)) {
            WARN("skipped: this kernel lets only root trace other processes");
            continue;
        }
        CHECK(harms(attack));
        ++proven;
    }
    CHECK(proven >= 10);
}
