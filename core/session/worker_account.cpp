#include "core/session/worker_account.hpp"

#include "core/sanitizer.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <linux/audit.h>
#include <memory>
#include <new>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside {

namespace {

constexpr uint64_t refused_bit = uint64_t { 1 } << 63;
constexpr uint64_t i386_bit = uint64_t { 1 } << 62;
constexpr int refused_status = 128 + SIGSYS; // as a shell reports the signal

// Global, because a signal handler must reach it.
AccountBlock* g_account = nullptr;

// Without the C library: after a guest has run, the thread's own storage may be anything.
[[noreturn]] void end_process(int status)
{
    for (;;)
        asm volatile("syscall" : : "a"(SYS_exit_group), "D"(status) : "rcx", "r11", "memory");
}

void on_refused_call(int, siginfo_t* information, void*)
{
    end_refused(*information);
}

// On the alternate stack, if the thread has one: a guest's stack is no place for a signal frame.
void install_handler()
{
    struct sigaction action {};
    action.sa_sigaction = on_refused_call;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    VERIFY(sigaction(SIGSYS, &action, nullptr) == 0);
}

void redirect_standard_error(int descriptor)
{
    // A write beyond the end of sealed memory fails, so what is said is bounded.
    lseek(descriptor, offsetof(AccountBlock, words), SEEK_SET);
    dup2(descriptor, STDERR_FILENO);
}

}

std::string describe(const RefusedCall& call)
{
    std::unique_ptr<char, decltype(&std::free)> name(
        seccomp_syscall_resolve_num_arch(
            call.is_i386 ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64, static_cast<int>(call.number)),
        &std::free);
    return fmt::format("{}system call {}{}", call.is_i386 ? "32-bit " : "", call.number,
        name ? fmt::format(" ({})", name.get()) : "");
}

Result<WorkerAccount> WorkerAccount::create()
{
    auto memory = SharedMemory::create("account", sizeof(AccountBlock));
    if (!memory)
        return memory.propagate();
    new (memory->data()) AccountBlock {};
    return WorkerAccount(std::move(*memory));
}

Result<WorkerAccount> WorkerAccount::open(Descriptor descriptor)
{
    auto memory = SharedMemory::open(std::move(descriptor), "account", sizeof(AccountBlock));
    if (!memory)
        return memory.propagate();
    return WorkerAccount(std::move(*memory));
}

void WorkerAccount::adopt()
{
    VERIFY(!g_account);
    g_account = &block();
    install_handler();
    if (is_sanitizer_build)
        return;
    redirect_standard_error(descriptor());
    m_memory.close_descriptor();
}

std::optional<RefusedCall> WorkerAccount::refused() const
{
    uint64_t word = static_cast<const AccountBlock*>(m_memory.data())->refused.load(std::memory_order_acquire);
    if (!(word & refused_bit))
        return std::nullopt;
    return RefusedCall { static_cast<uint32_t>(word), (word & i386_bit) != 0 };
}

// Copied byte by byte as it is looked at, because it may be changing.
std::string WorkerAccount::words() const
{
    const volatile char* from = static_cast<const AccountBlock*>(m_memory.data())->words;
    std::string text;
    for (std::size_t i = 0; i < AccountBlock::capacity; ++i) {
        char c = from[i];
        if (c == '\0')
            break;
        bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        text.push_back(is_control && c != '\n' ? '?' : c);
    }
    return text;
}

std::string WorkerAccount::last_line() const
{
    auto text = words();
    text.resize(text.find_last_not_of('\n') + 1);
    return text.substr(text.rfind('\n') + 1);
}

void end_refused(const siginfo_t& information)
{
    uint64_t word = refused_bit | static_cast<uint32_t>(information.si_syscall);
    if (information.si_arch == AUDIT_ARCH_I386)
        word |= i386_bit;
    if (g_account)
        g_account->refused.store(word, std::memory_order_release);
    end_process(refused_status);
}

}
