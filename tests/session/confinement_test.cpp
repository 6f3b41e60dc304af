// What a worker can still do when its guest runs. The test's own child processes confine themselves as a worker does and
// then try what is forbidden.
#include "core/machine/strategy.hpp"
#include "core/session/confinement.hpp"
#include "core/session/worker_account.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/guests.hpp"
#include "tests/support/running.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
#include <sys/ioctl.h>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr int harmless_status = 42; // the attempt returned

struct Attempt {
    int status = 0; // as waitpid(2) gives it
    std::optional<RefusedCall> refused;
    std::string words;
};

[[noreturn]] void become_confined(WorkerAccount& account, RealRing guest_runs_in, std::vector<int> descriptors,
    const std::vector<StrategyFile>& files, const std::function<void()>& attempt)
{
    drop_needless_privileges();
    account.adopt();
    descriptors.push_back(STDERR_FILENO);
    for (const auto& file : files)
        descriptors.push_back(file.descriptor);
    ConfinementPlan plan { .guest_runs_in = guest_runs_in, .descriptors = descriptors, .disks = {}, .files = files };
    if (!confine_process(plan) || !confine_system_calls(plan))
        _exit(1);
    attempt();
    _exit(harmless_status);
}

Attempt try_confined(const std::function<void()>& attempt, RealRing guest_runs_in = RealRing::Interpreted,
    const std::vector<int>& descriptors = {}, const std::vector<StrategyFile>& files = {})
{
    auto account = WorkerAccount::create();
    REQUIRE(account);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        become_confined(*account, guest_runs_in, descriptors, files, attempt);
    Attempt result;
    REQUIRE(waitpid(child, &result.status, 0) == child);
    result.refused = account->refused();
    result.words = account->words();
    return result;
}

bool returned(const Attempt& attempt)
{
    return WIFEXITED(attempt.status) && WEXITSTATUS(attempt.status) == harmless_status;
}

// "Seccomp:\t2" and the like of /proc/PID/task/TID/status.
std::map<std::string, std::string> status_of(const std::filesystem::path& task)
{
    std::ifstream file(task / "status");
    std::map<std::string, std::string> values;
    for (std::string line; std::getline(file, line);) {
        auto colon = line.find(":\t");
        if (colon != std::string::npos)
            values[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return values;
}

// A filter that makes seccomp(2) look as if the kernel did not have it.
void hide_seccomp()
{
    std::array<sock_filter, 4> filter { {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    } };
    sock_fprog description { filter.size(), filter.data() };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &description);
}

struct ProgramRun {
    int status = -1;
    std::string errors;
};

// The program, on a host without seccomp, with a guest that ends well.
ProgramRun run_without_seccomp(const std::string& option, const std::string& value)
{
    auto kernel = guest("greet");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        hide_seccomp();
        execl(program().c_str(), "ringside", "run", kernel.c_str(), option.c_str(), value.c_str(), nullptr);
        _exit(127);
    }
    close(ends[1]);
    ProgramRun run;
    std::array<char, 4096> text;
    for (ssize_t size; (size = read(ends[0], text.data(), text.size())) > 0;)
        run.errors.append(text.data(), static_cast<std::size_t>(size));
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

void* map_anonymous(int protection)
{
    return mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

}

TEST_CASE("A file of a strategy serves the one purpose that it is kept for", "[session][confinement]")
{
    if (auto obstacle = confinement_obstacle(); !obstacle.empty()) {
        WARN("skipped: " << obstacle);
        return;
    }
    int file = memfd_create("file", 0);
    REQUIRE(file >= 0);
    REQUIRE(ftruncate(file, 16) == 0);
    static int number;
    number = file;
    auto control = [] { (void)!ioctl(number, FIONREAD, &number); };
    auto read = [] {
        char byte = 0;
        (void)!pread(number, &byte, 1, 0);
    };
    using enum StrategyFile::Use;
    CHECK(returned(try_confined(control, RealRing::NonRoot, {}, { { file, Control } })));
    CHECK_FALSE(returned(try_confined(read, RealRing::NonRoot, {}, { { file, Control } })));
    CHECK(returned(try_confined(read, RealRing::NonRoot, {}, { { file, Reading } })));
    CHECK_FALSE(returned(try_confined(control, RealRing::NonRoot, {}, { { file, Reading } })));
    CHECK_FALSE(returned(try_confined(control, RealRing::NonRoot, {}, { { file, Mapping } })));
    // Another file than the one that was named.
    CHECK_FALSE(returned(try_confined([] { (void)!ioctl(STDERR_FILENO, FIONREAD, &number); }, RealRing::NonRoot, {}, { { file, Control } })));
    close(file);
}

TEST_CASE("a system call that leads out of a worker ends it, and its account says which it was", "[session]")
{
    auto runs_in = GENERATE(RealRing::Interpreted, RealRing::Ring3);
    auto number = GENERATE(as<long> {}, SYS_openat, SYS_open, SYS_openat2, SYS_read, SYS_pread64, SYS_execve, SYS_execveat,
        SYS_socket, SYS_connect, SYS_bind, SYS_sendto, SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, SYS_kill, SYS_tkill,
        SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_open, SYS_pidfd_getfd, SYS_prctl, SYS_seccomp,
        SYS_arch_prctl, SYS_ioctl, SYS_fcntl, SYS_dup, SYS_dup2, SYS_ftruncate, SYS_memfd_create, SYS_unlink, SYS_rename,
        SYS_chmod, SYS_mkdir, SYS_mount, SYS_unshare, SYS_setns, SYS_chroot, SYS_setuid, SYS_capset, SYS_setrlimit,
        SYS_prlimit64, SYS_iopl, SYS_ioperm, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
        SYS_keyctl, SYS_init_module, SYS_reboot, SYS_personality, SYS_shmat, SYS_inotify_init, SYS_eventfd2, SYS_pipe2,
        SYS_rt_sigqueueinfo, SYS_timer_create, SYS_setitimer, SYS_getcwd, SYS_uname, SYS_getuid, 100000L);
    INFO("system call " << number);
    auto attempt = try_confined([number] { syscall(number, 0, 0, 0, 0, 0, 0); }, runs_in);
    CHECK(attempt.refused == RefusedCall { static_cast<uint32_t>(number), false });
    CHECK((WIFEXITED(attempt.status) && WEXITSTATUS(attempt.status) == 128 + SIGSYS));
}

TEST_CASE("an allowed system call is refused with arguments that lead further", "[session]")
{
    pid_t parent = getpid();
    struct Case {
        const char* what;
        RealRing runs_in;
        std::function<void()> call;
        long number;
    };
    const Case cases[] = {
        { "a signal to another process", RealRing::Interpreted, [&] { syscall(SYS_tgkill, parent, parent, 0); }, SYS_tgkill },
        { "the same, with a number that only looks like the own", RealRing::Ring3,
            [&] { syscall(SYS_tgkill, getpid() | 0x1'0000'0000, parent, 0); }, SYS_tgkill },
        { "a handler for SIGSYS", RealRing::Ring3, [] { signal(SIGSYS, SIG_IGN); }, SYS_rt_sigaction },
        { "executable memory", RealRing::Interpreted, [] { map_anonymous(PROT_READ | PROT_EXEC); }, SYS_mmap },
        { "memory made executable", RealRing::Interpreted,
            [] { mprotect(map_anonymous(PROT_READ), 4096, PROT_READ | PROT_EXEC); }, SYS_mprotect },
        { "descriptor tables", RealRing::Interpreted, [] { syscall(SYS_modify_ldt, 0, nullptr, 0); }, SYS_modify_ldt },
    };
    for (const auto& one : cases) {
        INFO(one.what);
        auto attempt = try_confined(one.call, one.runs_in);
        CHECK(attempt.refused == RefusedCall { static_cast<uint32_t>(one.number), false });
    }
}

TEST_CASE("system calls through the host's 32-bit entry and of the x32 ABI are refused", "[session]")
{
    auto runs_in = GENERATE(RealRing::Interpreted, RealRing::Ring3);
    auto exit_group = try_confined([] { asm volatile("int $0x80" : : "a"(252), "b"(harmless_status) : "memory"); }, runs_in);
    CHECK(exit_group.refused == RefusedCall { 252, true });
    CHECK_FALSE(returned(exit_group));
    constexpr long x32_bit = 0x40000000;
    auto x32 = try_confined([] { syscall(x32_bit | SYS_exit_group, harmless_status); }, runs_in);
    CHECK(x32.refused == RefusedCall { static_cast<uint32_t>(x32_bit | SYS_exit_group), false });
    CHECK_FALSE(returned(x32));
}

TEST_CASE("what a worker needs while its guest runs is allowed", "[session]")
{
    auto attempt = try_confined([] {
        std::string text(1 << 20, 'x');          // malloc, by mmap
        std::vector<char> more(64, text.back()); // and by brk
        auto* memory = map_anonymous(PROT_READ | PROT_WRITE);
        mprotect(memory, 4096, PROT_READ);
        munmap(memory, 4096);
        std::this_thread::sleep_for(1ms);
        std::signal(SIGSEGV, SIG_DFL);
        poll(nullptr, 0, 1);
        (void)!write(STDERR_FILENO, "said\n", 5);
    });
    CHECK(returned(attempt));
    CHECK(attempt.words == "said\n");
    auto native = try_confined(
        [] {
            map_anonymous(PROT_READ | PROT_WRITE | PROT_EXEC);
            syscall(SYS_modify_ldt, 0, nullptr, 0);
        },
        RealRing::Ring3);
    CHECK(returned(native));
}

TEST_CASE("the filter holds for threads that were there before it", "[session]")
{
    auto account = WorkerAccount::create();
    REQUIRE(account);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::atomic<bool> confined { false };
        account->adopt();
        std::thread early([&] {
            while (!confined)
                std::this_thread::yield();
            syscall(SYS_getuid);
            _exit(harmless_status);
        });
        (void)confine_system_calls({});
        confined = true;
        early.join();
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(account->refused() == RefusedCall { SYS_getuid, false });
}

TEST_CASE("every thread of a worker is confined: no privilege, none to gain, no way to a further process", "[session]")
{
    auto session = start("spin");
    CHECK(session->unconfined_because().empty());
    std::filesystem::path process = "/proc/" + std::to_string(session->worker());
    int threads = 0;
    for (const auto& task : std::filesystem::directory_iterator(process / "task")) {
        auto status = status_of(task.path());
        CHECK(status["NoNewPrivs"] == "1");
        CHECK(status["Seccomp"] == "2");
        CHECK(status["CapInh"] == "0000000000000000");
        CHECK(status["CapAmb"] == "0000000000000000");
        if (geteuid() == 0)
            CHECK(status["CapBnd"] == "0000000000000000");
        ++threads;
    }
    CHECK(threads >= 2);
    CHECK(status_of(process)["CapPrm"] == "0000000000000000");
    std::ifstream file(process / "limits");
    std::string limits { std::istreambuf_iterator<char>(file), {} };
    auto limit = [&](const std::string& name) {
        auto at = limits.find(name);
        return at == std::string::npos ? "" : limits.substr(limits.find_first_of("0123456789u", at + 25), 1);
    };
    CHECK(limit("Max processes") == "0");
    CHECK(limit("Max core file size") != "u");
    CHECK(limit("Max data size") != "u");
}

TEST_CASE("a confined worker cannot make a file longer", "[session]")
{
    Scratch scratch;
    auto path = scratch.write("disk", std::string(1 << 16, 'd'));
    int disk = open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(disk >= 0);
    auto attempt = try_confined(
        [disk] {
            std::string more(1 << 17, 'm');
            (void)!write(disk, more.data(), more.size()); // as far as the file goes
            (void)!write(disk, more.data(), more.size());
        },
        RealRing::Interpreted, { disk });
    close(disk);
    CHECK(std::filesystem::file_size(path) == 1 << 16);
    CHECK((WIFSIGNALED(attempt.status) && WTERMSIG(attempt.status) == SIGXFSZ));
}

TEST_CASE("a confined worker cannot take memory without end", "[session]")
{
    auto attempt = try_confined([] {
        constexpr std::size_t step = 64 << 20;
        for (int i = 0; i < 64; ++i) {
            if (mmap(nullptr, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
                return;
        }
        _exit(0);
    });
    CHECK(returned(attempt));
}

TEST_CASE("where seccomp is missing an emulated guest runs with a warning, and a native one does not", "[session]")
{
    auto emulated = run_without_seccomp("--strategy", "emulation");
    CHECK(emulated.status == 0);
    CHECK(emulated.errors.find("warning: the guest's worker process is not confined") != std::string::npos);
    CHECK(emulated.errors.find("no seccomp filters") != std::string::npos);
    if (!find_strategy("trap")->probe().available)
        return;
    for (const auto& [option, value] : { std::pair { "--strategy", "trap" }, std::pair { "--switch", "1000s:trap" } }) {
        INFO(option);
        auto native = run_without_seccomp(option, value);
        CHECK(native.status == static_cast<int>(ExitCode::Unavailable));
        CHECK(native.errors.find("'trap' is not available here: its worker cannot be confined") != std::string::npos);
        CHECK(lines_of(native.errors) == 1);
    }
}

TEST_CASE("a refused system call is named", "[session]")
{
    CHECK(describe(RefusedCall { SYS_socket, false }) == "system call 41 (socket)");
    CHECK(describe(RefusedCall { 4, true }) == "32-bit system call 4 (write)");
    CHECK(describe(RefusedCall { 100000, false }) == "system call 100000");
    CHECK(describe(RefusedCall { UINT32_MAX, true }) == "32-bit system call 4294967295");
}

TEST_CASE("what a hostile worker forges in its account is bounded text and a number", "[session]")
{
    auto account = WorkerAccount::create();
    REQUIRE(account);
    auto& block = account->block();
    std::memset(static_cast<void*>(&block), 0xFF, sizeof block);
    CHECK(account->words().size() == AccountBlock::capacity);
    CHECK(account->refused() == RefusedCall { UINT32_MAX, true });
    std::memset(static_cast<void*>(&block), '\n', sizeof block);
    CHECK(account->last_line().empty());
    CHECK_FALSE(account->refused());
    std::memset(static_cast<void*>(&block), '\x1B', sizeof block);
    CHECK(account->last_line() == std::string(AccountBlock::capacity, '?'));
    std::strcpy(block.words, "first\nsecond\n\n");
    CHECK(account->last_line() == "second");
}
