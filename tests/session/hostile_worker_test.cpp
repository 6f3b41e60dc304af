// Workers that break the rules. This test program is its own hostile worker: a constructor takes over before main()
// when the program was started as one.
#include "core/session/confinement.hpp"
#include "core/session/message.hpp"
#include "core/session/worker_account.hpp"
#include "core/trace/totals.hpp"
#include "tests/catch.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/running.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr int control = WorkerProcess::control_descriptor;

void say(MessageKind kind, std::span<const std::byte> body = {})
{
    (void)send_message(control, kind, body);
}

void send_garbage(unsigned seed)
{
    std::mt19937 random(seed);
    for (int i = 0; i < 200; ++i) {
        std::array<uint32_t, 16> packet;
        for (auto& word : packet)
            word = random() % 16;
        (void)send(control, packet.data(), random() % sizeof packet, MSG_NOSIGNAL);
    }
}

void damage_shared_memory(const Message& setup)
{
    auto scribble = [](const Descriptor& descriptor) {
        auto size = static_cast<std::size_t>(lseek(descriptor.get(), 0, SEEK_END));
        void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
        if (memory != MAP_FAILED)
            std::memset(memory, 0xA5, size);
        (void)ftruncate(descriptor.get(), 0);
    };
    scribble(setup.descriptors.at(1));
    scribble(setup.descriptors.at(2));
}

void show(int descriptor, std::size_t descriptors = 1)
{
    std::vector<int> all(descriptors, descriptor);
    (void)send_message(control, MessageKind::Memory, {}, all);
}

// configuration_of() asks for 4 MiB.
void show_memory(std::string_view manner)
{
    constexpr off_t right_size = 4 << 20;
    int memory = memfd_create("forged", MFD_ALLOW_SEALING);
    bool is_right = ftruncate(memory, manner == "of another size" ? right_size / 2 : right_size) == 0;
    if (is_right && manner != "that may shrink")
        fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK);
    if (manner == "that is a pipe") {
        int ends[2];
        (void)!pipe(ends);
        return show(ends[0]);
    }
    if (manner == "without a descriptor")
        return say(MessageKind::Memory);
    show(memory, manner == "with three descriptors" ? 3 : 1);
    if (manner == "twice")
        show(memory);
}

void forge_account(const Message& setup, char with)
{
    void* memory = mmap(nullptr, sizeof(AccountBlock), PROT_READ | PROT_WRITE, MAP_SHARED,
        setup.descriptors.at(AccountDescriptor).get(), 0);
    if (memory != MAP_FAILED)
        std::memset(memory, with, sizeof(AccountBlock));
}

[[noreturn]] void behave_confined(Message& setup, std::string_view manner)
{
    auto account = WorkerAccount::open(std::move(setup.descriptors.at(AccountDescriptor)));
    account->adopt();
    std::array descriptors { control, STDERR_FILENO };
    ConfinementPlan plan { RealRing::Ring3, descriptors, {} };
    (void)confine_process(plan);
    (void)confine_system_calls(plan);
    say(MessageKind::Ready);
    if (manner == "confined, opens a socket")
        (void)socket(AF_INET, SOCK_STREAM, 0);
    if (manner == "confined, calls the 32-bit entry")
        asm volatile("int $0x80" : : "a"(11) : "memory");
    (void)!write(STDERR_FILENO, "one thing\nmore\x1B[1m words\n", 26);
    abort();
}

[[noreturn]] void behave(std::string_view manner)
{
    auto setup = receive_message_with_descriptors(control, 8);
    if (manner.starts_with("confined"))
        behave_confined(setup.message, manner);
    if (manner == "forges")
        forge_account(setup.message, '\xFF');
    if (manner == "babbles")
        forge_account(setup.message, 'w');
    if (manner == "forges" || manner == "babbles") {
        say(MessageKind::Ready);
        raise(SIGKILL);
    }
    if (manner == "dies in set-up")
        raise(SIGKILL);
    if (manner == "exits in set-up")
        _exit(3);
    if (manner == "bad error")
        say(MessageKind::SetupFailed, std::vector<std::byte>(100, std::byte { 0xFF }));
    if (manner.starts_with("memory "))
        show_memory(manner.substr(7));
    if (manner.starts_with("garbage "))
        send_garbage(static_cast<unsigned>(std::atoi(manner.data() + 8)));
    say(MessageKind::Ready);
    if (manner == "bad report")
        say(MessageKind::Ended, std::vector<std::byte>(10, std::byte { 0x77 }));
    if (manner == "a session's message")
        say(MessageKind::Command);
    if (manner == "a strategy of its own")
        say(MessageKind::Switched, std::vector<std::byte>(5, std::byte { 'x' }));
    if (manner == "a listing unasked")
        say(MessageKind::Translations, std::vector<std::byte>(5, std::byte { 'x' }));
    if (manner == "a snapshot unasked")
        say(MessageKind::Snapshot, std::vector<std::byte>(5, std::byte { 'x' }));
    if (manner == "memory after ready")
        show_memory("that is right");
    while (manner == "bad snapshots")
        say(MessageKind::Snapshot, std::vector<std::byte>(5000, std::byte { 1 }));
    if (manner == "error after ready")
        say(MessageKind::SetupFailed);
    if (manner == "scribbles")
        damage_shared_memory(setup.message);
    if (manner == "closes its socket")
        close(control);
    while (manner == "floods")
        say(MessageKind::Paused);
    for (;;)
        pause();
}

__attribute__((constructor)) void become_hostile_worker(int argc, char** argv)
{
    if (argc == 4 && std::string_view { argv[1] } == "worker")
        behave(argv[3]);
}

SessionConfiguration hostile(const std::string& manner)
{
    auto configuration = configuration_of("greet");
    configuration.name = manner;
    configuration.worker_program = "/proc/self/exe";
    return configuration;
}

}

TEST_CASE("a worker that dies while setting up is an error that says so", "[session]")
{
    auto killed = Session::start(hostile("dies in set-up"));
    REQUIRE_FALSE(killed);
    CHECK(killed.error().code == ExitCode::Internal);
    CHECK(killed.error().message == "the guest could not be set up: worker killed by SIGKILL (9)");
    auto exited = Session::start(hostile("exits in set-up"));
    REQUIRE_FALSE(exited);
    CHECK(exited.error().message == "the guest could not be set up: worker exited with status 3");
    auto lying = Session::start(hostile("bad error"));
    REQUIRE_FALSE(lying);
    CHECK(lying.error().code == ExitCode::Internal);
    CHECK(children().empty());
}

TEST_CASE("a worker that breaks the protocol is ended, and that is said", "[session]")
{
    auto manner = GENERATE(as<std::string> {}, "bad report", "a session's message", "a strategy of its own",
        "a listing unasked", "error after ready", "a snapshot unasked", "memory after ready");
    INFO(manner);
    auto session = Session::start(hostile(manner));
    REQUIRE(session);
    REQUIRE(wait_for_end(**session));
    CHECK((*session)->end().cause == SessionEnd::Cause::Died);
    CHECK((*session)->end().result.reason.starts_with("the worker sent a"));
    CHECK(exit_code((*session)->end()) == ExitCode::Internal);
    CHECK(children().empty());
}

TEST_CASE("a worker that shows something else than its guest's memory is ended", "[session]")
{
    auto manner = GENERATE(as<std::string> {}, "of another size", "that may shrink", "that is a pipe", "without a descriptor", "twice");
    INFO(manner);
    auto session = Session::start(hostile("memory " + manner));
    REQUIRE_FALSE(session);
    CHECK(session.error().message.starts_with("the guest could not be set up: the worker s"));
    CHECK(children().empty());
}

TEST_CASE("of the descriptors that a worker sends a session takes no more than the one that it expects", "[session]")
{
    auto open_descriptors = [] {
        return std::distance(std::filesystem::directory_iterator { "/proc/self/fd" }, std::filesystem::directory_iterator {});
    };
    auto before = open_descriptors();
    auto session = Session::start(hostile("memory with three descriptors"));
    REQUIRE(session);
    CHECK((*session)->memory());
    session->reset();
    CHECK(open_descriptors() == before);
}

TEST_CASE("memory that a worker shows rightly can be read, whatever the worker does then", "[session]")
{
    auto session = Session::start(hostile("memory that is right"));
    REQUIRE(session);
    REQUIRE((*session)->memory());
    (*session)->kill();
    CHECK((*session)->memory()->read<uint32_t>(Gpa { (4 << 20) - 4 }) == 0u);
}

TEST_CASE("a worker that answers with endless or damaged snapshots is ended", "[session]")
{
    auto session = Session::start(hostile("bad snapshots"));
    REQUIRE(session);
    (*session)->request_snapshot();
    REQUIRE(wait_for_end(**session));
    CHECK((*session)->end().result.reason == "the worker sent a damaged message");
    CHECK_FALSE((*session)->snapshot());
}

TEST_CASE("a worker that hangs up without ending is killed", "[session]")
{
    auto session = Session::start(hostile("closes its socket"));
    REQUIRE(session);
    REQUIRE(wait_for_end(**session));
    CHECK((*session)->end().cause == SessionEnd::Cause::Died);
    CHECK(children().empty());
}

TEST_CASE("how a worker died is told in its own words, as far as they make sense", "[session]")
{
    struct Story {
        const char* manner;
        std::string reason;
    };
    auto story = GENERATE(Story { "confined, opens a socket", "the sandbox stopped the worker: system call 41 (socket)" },
        Story { "confined, calls the 32-bit entry", "the sandbox stopped the worker: 32-bit system call 11 (execve)" },
        Story { "confined, aborts", "worker killed by SIGABRT (6): more?[1m words" },
        Story { "forges", "the sandbox stopped the worker: 32-bit system call 4294967295" });
    INFO(story.manner);
    auto session = Session::start(hostile(story.manner));
    REQUIRE(session);
    REQUIRE(wait_for_end(**session));
    CHECK((*session)->end().cause == SessionEnd::Cause::Died);
    CHECK((*session)->end().result.reason == story.reason);
    CHECK(exit_code((*session)->end()) == ExitCode::Internal);
}

TEST_CASE("endless last words are cut", "[session]")
{
    auto session = Session::start(hostile("babbles"));
    REQUIRE(session);
    REQUIRE(wait_for_end(**session));
    const auto& reason = (*session)->end().result.reason;
    CHECK(reason.starts_with("worker killed by SIGKILL (9): wwww"));
    CHECK(reason.size() < 3000);
}

TEST_CASE("a worker that scribbles over all shared memory does no harm", "[session]")
{
    auto session = Session::start(hostile("scribbles"));
    REQUIRE(session);
    (*session)->wait(50ms, Session::Console::Ignore);
    std::string text;
    std::vector<EventRecord> events;
    (*session)->take_console(text);
    (*session)->take_debug_output(text);
    (*session)->trace().drain(events);
    CHECK(text.empty());
    CHECK(events.empty());
    (void)totals_of((*session)->trace().block(), 0);
    (*session)->stop(50ms);
    CHECK((*session)->ended());
}

TEST_CASE("a worker that floods its session with messages does not hold it up", "[session]")
{
    auto session = Session::start(hostile("floods"));
    REQUIRE(session);
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i)
        (*session)->wait(0ms, Session::Console::Ignore);
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    (*session)->stop(100ms);
    CHECK((*session)->ended());
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("random messages from a worker end in an error or in its end, never in harm", "[session]")
{
    for (int seed = 1; seed <= 25; ++seed) {
        INFO("seed " << seed);
        auto session = Session::start(hostile("garbage " + std::to_string(seed)));
        if (session)
            (*session)->stop(50ms);
        CHECK((!session || (*session)->ended()));
    }
    CHECK(children().empty());
}
