// The strategy interface (DESIGN section 5). A strategy executes guest instructions until the engine is needed; the
// engine owns memory, devices, time, interrupt policy and the trace.
//
// One verb: run(). Everything that a strategy can settle on the spot with the engine's help (a port access, a fault that
// the guest handles itself) it settles inside run(), so that its cost is the exit's own and not that of a return through
// the run loop (docs/decisions/0002). What needs the run loop's judgment comes back as an Exit.
//
// All methods but kick() are called from one thread.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/shadow_mapping.hpp"
#include "core/machine/translation_listing.hpp"
#include "core/result.hpp"
#include "core/trace/event.hpp"
#include "core/x86/event.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

class Engine;

enum class GuestKind : uint8_t { Unmodified, Paravirtual };

struct StrategyInfo {
    std::string_view name;
    std::string_view idea; // one line, for learners
    GuestKind guest = GuestKind::Unmodified;
    RealRing kernel_ring = RealRing::Interpreted; // where the guest's ring 0 really runs
    RealRing user_ring = RealRing::Interpreted;   // where the guest's ring 3 really runs
    // Capabilities: what one strategy can and another cannot.
    bool equivalent = true;     // the guest cannot tell it from a real PC (Popek & Goldberg 1974), caveats aside
    bool direct = false;        // the host's CPU executes the guest's own instructions where they lie
    bool sees_rings = true;     // each change of the virtual ring comes to the monitor, when somebody wants to know
    bool sees_blocks = false;   // tells the trace of each block of code that it translates
    bool virtual_clock = false; // counts blocks, so that guest time can be derived from them
    bool chooses_user_code = false; // StrategyOptions::user_code
    bool host_time_stamp = false; // RDTSC does not come to the engine: the guest reads the host's counter
};

struct Availability {
    bool available = false;
    std::string detail; // what it runs on, or the reason why it cannot
    std::string remedy; // what would make it available; empty when available
};

// Why run() returned.
struct Exit {
    enum class Reason : uint8_t {
        Kicked,          // kick() was called, or nothing in particular: call run() again
        InterruptWindow, // the engine has an interrupt pending and the guest can take it now: inject()
        Halted,          // HLT: call run() again after an interrupt was injected
        HaltedForGood,   // HLT with interrupts off: nothing but an NMI would end it
        TripleFault,     // the guest cannot go on; `detail` says how it came to that
        Failed,          // the strategy cannot go on with this guest; `detail` names the instruction and the address
    };
    Reason reason = Reason::Kicked;
    std::string detail = {};
};

// A file that a strategy keeps while it has the guest, and the system call that it needs it for.
struct StrategyFile {
    enum class Use : uint8_t {
        Mapping, // mmap(2)
        Control, // ioctl(2)
        Reading, // pread(2)
    };
    int descriptor = -1;
    Use use = Use::Mapping;
};

class Strategy {
public:
    virtual ~Strategy() = default;

    virtual const StrategyInfo& info() const = 0;

    // The whole architectural state in and out, exact, at an instruction boundary. Memory may have changed since the guest
    // last ran here.
    virtual void load(const CpuState& state) = 0;
    virtual CpuState save() = 0;
    // After save(), when another strategy goes on with the guest: gives back what only one strategy of a process can have
    // (handlers of signals, the guest's address window), and forgets what was derived from the guest's memory. load() takes
    // it again. Neither may need what a confined worker has not (session/confinement.hpp): what does belongs into
    // StrategyEntry::create.
    virtual void release() { }
    // Files that load(), save() and run() need: a confined worker keeps them.
    virtual std::vector<StrategyFile> files() const { return {}; }

    virtual Exit run() = 0;
    // Makes run() return soon, or at once if it is not running yet. From any thread; not from a signal handler.
    virtual void kick() = 0;
    // Makes the guest take an external interrupt or an NMI before its next instruction. Only after run() returned
    // InterruptWindow, Halted or (NMI) HaltedForGood. Returns Kicked when all is well, or TripleFault.
    virtual Exit inject(EventType type, uint8_t vector) = 0;

    // What a strategy that translates code shows of it, after a run.
    virtual std::optional<TranslationListing> translations() const { return std::nullopt; }
    // While the guest is between two instructions: the same of the blocks that hold this guest-linear address, and what of
    // the guest's memory is mapped, if the strategy maps it, at most so many runs of it.
    virtual std::optional<TranslationListing> translations_around(uint32_t) const { return std::nullopt; }
    virtual std::optional<ShadowMapping> shadow_mapping(std::size_t) const { return std::nullopt; }
};

// An instruction that answers otherwise than on a real PC, with both answers.
struct Discrepancy {
    std::string instruction;
    std::string real;  // what a real ring 0 gives
    std::string given; // what the guest got
    std::string why;
};

// One line of strategies/all.cpp.
struct StrategyEntry {
    const StrategyInfo& (*info)();
    Availability (*probe)();
    Result<std::unique_ptr<Strategy>> (*create)(Engine& engine);
    // For strategies that are not equivalent, else null: the table with which a run that met them ends. On the vCPU's
    // thread, after the last run(), with the state that save() gave.
    std::vector<Discrepancy> (*discrepancies)(Engine& engine, const CpuState& state) = nullptr;
};

// The strategies that exist, in the order in which people should meet them. Defined by strategies/all.cpp.
std::span<const StrategyEntry> all_strategies();
const StrategyEntry* find_strategy(std::string_view name);

}
