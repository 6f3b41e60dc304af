// Kicks two strategies every second, so that a program without end does end (program_side.hpp).
#pragma once

#include "core/machine/strategy.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace ringside::test {

class Watchdog {
public:
    Watchdog(Strategy& left, Strategy& right) : m_thread([this, &left, &right] {
        for (unsigned tenths = 1; !m_over; ++tenths) {
            std::this_thread::sleep_for(std::chrono::milliseconds { 100 });
            if (tenths % 10 == 0)
                left.kick(), right.kick();
        }
    }) { }
    ~Watchdog()
    {
        m_over = true;
        m_thread.join();
    }

private:
    std::atomic<bool> m_over { false };
    std::thread m_thread;
};

}
