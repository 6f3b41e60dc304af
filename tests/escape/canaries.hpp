// What an attack would harm if it got out: files, a process, memory of this process, a network port. Made for one attack,
// and looked at after it.
#pragma once

#include "tests/escape/guests/orders.h"

#include <array>
#include <cstddef>
#include <string>
#include <sys/types.h>

namespace ringside::test {

class Canaries {
public:
    Canaries();
    ~Canaries();
    Canaries(const Canaries&) = delete;
    Canaries& operator=(const Canaries&) = delete;

    // Tells the attacker where they are.
    void describe(orders& orders) const;

    // What has been harmed, or "".
    std::string harm() const;

private:
    std::string harm_to_files() const;
    std::string harm_to_victim() const;

    std::string m_directory;
    pid_t m_victim = -1;
    int m_listener = -1;
    uint16_t m_port = 0;
    alignas(64) std::array<std::byte, 64> m_memory {};
};

}
