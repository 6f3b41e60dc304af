#include "strategies/emulation/code_pages.hpp"

#include "core/verify.hpp"

#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace ringside {

namespace {

// So many faults, each so soon after the one before, make a page Mixed.
constexpr unsigned faults_of_a_mixed_page = 16;
constexpr Nanoseconds quick_succession = 1'000'000;

constexpr std::size_t most_watched_memories = 64;

}

// A signal handler can find its object only through a global: the watched memories of this process. Slots are claimed and
// given back by constructors and destructors, and only read by the handler.
struct FaultWatch {
    static inline std::array<std::atomic<CodePages*>, most_watched_memories> watched {};
    static inline struct sigaction previous {};

    static void on_signal(int, siginfo_t* information, void* context)
    {
        bool is_fault = information->si_code > 0; // else it was sent by kill(2), and si_addr means nothing
        for (auto& slot : watched) {
            auto* pages = slot.load(std::memory_order_acquire);
            if (is_fault && pages && pages->handle(information->si_addr, context))
                return;
        }
        // Not ours: whoever was there before gets it when the instruction runs again, or when it is sent again.
        sigaction(SIGSEGV, &previous, nullptr);
        if (!is_fault)
            raise(SIGSEGV);
    }

    // Each time: a test framework or a sanitizer may have taken the signal since.
    static void install()
    {
        struct sigaction current {};
        VERIFY(sigaction(SIGSEGV, nullptr, &current) == 0);
        if ((current.sa_flags & SA_SIGINFO) && current.sa_sigaction == on_signal)
            return;
        previous = current;
        struct sigaction action {};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_SIGINFO;
        sigemptyset(&action.sa_mask);
        VERIFY(sigaction(SIGSEGV, &action, nullptr) == 0);
    }

    static void add(CodePages& pages)
    {
        install();
        for (auto& slot : watched) {
            CodePages* empty = nullptr;
            if (slot.compare_exchange_strong(empty, &pages))
                return;
        }
        verify_failed("fewer than 64 emulated machines in one process", __FILE__, __LINE__);
    }

    static void remove(CodePages& pages)
    {
        for (auto& slot : watched) {
            CodePages* mine = &pages;
            slot.compare_exchange_strong(mine, nullptr);
        }
    }
};

CodePages::CodePages(GuestMemory& memory, std::function<void(const void*)> written)
    : m_host(memory.bytes(Gpa { 0 }, 1).data())
    , m_pages(memory.size() / page_size)
    , m_on_written(std::move(written))
    , m_states(std::make_unique<std::atomic<State>[]>(m_pages))
    , m_history(m_pages)
{
    FaultWatch::add(*this);
}

CodePages::~CodePages()
{
    FaultWatch::remove(*this);
    for (std::size_t page = 0; page < m_pages; ++page) {
        if (m_states[page].load() == State::Protected)
            set_writable(page, true);
    }
}

bool CodePages::set_writable(std::size_t page, bool writable)
{
    return mprotect(m_host + page * page_size, page_size, writable ? PROT_READ | PROT_WRITE : PROT_READ) == 0;
}

bool CodePages::protect(Gpa address)
{
    std::size_t page = address.value / page_size;
    if (page >= m_pages || m_states[page].load(std::memory_order_relaxed) != State::Plain)
        return false;
    m_states[page].store(State::Protected);
    // The host has only so many mappings; without one more, the page is compared instead.
    if (!set_writable(page, false))
        m_states[page].store(State::Mixed);
    return true;
}

bool CodePages::is_mixed(Gpa address) const
{
    std::size_t page = address.value / page_size;
    return page < m_pages && m_states[page].load(std::memory_order_relaxed) == State::Mixed;
}

void CodePages::release()
{
    m_written_count.store(0);
    for (std::size_t page = 0; page < m_pages; ++page) {
        State state = m_states[page].load(std::memory_order_relaxed);
        if (state != State::Protected && state != State::Written)
            continue;
        Released released { page, {} };
        if (state == State::Protected) {
            VERIFY(set_writable(page, true));
            released.content.assign(m_host + page * page_size, m_host + (page + 1) * page_size);
        }
        m_released.push_back(std::move(released));
        m_states[page].store(State::Plain);
    }
}

std::vector<Gpa> CodePages::retake()
{
    std::vector<Gpa> changed;
    for (const auto& [page, content] : std::exchange(m_released, {})) {
        bool same = !content.empty() && std::memcmp(m_host + page * page_size, content.data(), page_size) == 0;
        if (same && set_writable(page, false))
            m_states[page].store(State::Protected);
        else
            changed.push_back(Gpa { page * page_size });
    }
    return changed;
}

// In the signal handler, at any instruction that stores to guest memory: mprotect() and atomics only.
bool CodePages::handle(const void* address, const void* interrupted)
{
    auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - m_host);
    std::size_t page = offset / page_size;
    if (page >= m_pages || m_states[page].load() != State::Protected || !set_writable(page, true))
        return false;
    m_states[page].store(State::Written);
    uint32_t index = m_written_count.fetch_add(1);
    if (index < m_written.size())
        m_written[index].store(static_cast<uint32_t>(page));
    m_on_written(interrupted);
    return true;
}

std::vector<Gpa> CodePages::take_written(Nanoseconds now)
{
    uint32_t count = m_written_count.exchange(0);
    std::vector<std::size_t> pages;
    if (count <= m_written.size()) {
        for (uint32_t i = 0; i < count; ++i)
            pages.push_back(m_written[i].load());
    } else {
        for (std::size_t page = 0; page < m_pages; ++page) {
            if (m_states[page].load() == State::Written)
                pages.push_back(page);
        }
    }
    std::vector<Gpa> written;
    for (std::size_t page : pages) {
        auto& history = m_history[page];
        history.faults = now - history.last < quick_succession ? history.faults + 1 : 1;
        history.last = now;
        m_states[page].store(history.faults < faults_of_a_mixed_page ? State::Plain : State::Mixed);
        written.push_back(Gpa { page * page_size });
    }
    return written;
}

}
