// Somebody who clicks and types at random.
#include "tests/catch.hpp"
#include "tests/visualizer/app/app_driver.hpp"

#include <random>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

class Monkey {
public:
    Monkey(AppDriver& driver, unsigned seed) : m_driver(driver), m_random(seed) { }

    void play(int events)
    {
        for (int i = 0; i < events; ++i) {
            m_driver.surface().inject(event());
            if (below(200) == 0)
                m_driver.surface().resize({ 1 + below(1600), 1 + below(1000) });
            InputEvents taken;
            m_driver.surface().wait({}, taken);
            m_driver.application().frame(0.02, taken);
        }
    }

private:
    int below(int bound) { return static_cast<int>(m_random() % static_cast<unsigned>(bound)); }

    InputEvent event()
    {
        auto size = m_driver.surface().size();
        switch (below(5)) {
        case 0:
        case 1:
            return { .kind = InputEvent::Kind::MouseMove, .x = static_cast<float>(below(size.width + 20) - 10),
                .y = static_cast<float>(below(size.height + 20) - 10) };
        case 2: return { .kind = InputEvent::Kind::MouseButton, .down = below(2) == 0, .modifiers = modifiers(),
            .button = static_cast<uint8_t>(below(3)) };
        case 3: return { .kind = InputEvent::Kind::Wheel, .x = static_cast<float>(below(3) - 1), .y = static_cast<float>(below(7) - 3) };
        default: break;
        }
        if (below(8) == 0)
            return { .kind = InputEvent::Kind::Character, .character = static_cast<char32_t>(below(0x3000)) };
        return { .kind = InputEvent::Kind::Key, .key = key(), .down = below(2) == 0, .modifiers = modifiers() };
    }

    Modifiers modifiers() { return { below(4) == 0, below(4) == 0, below(8) == 0 }; }

    Key key()
    {
        // It may not leave.
        auto key = static_cast<Key>(below(static_cast<int>(Key::Count_)));
        return key == key_of('Q') ? Key::Space : key;
    }

    AppDriver& m_driver;
    std::mt19937 m_random;
};

void let_a_monkey_play(unsigned seed, int events)
{
    DriverOptions options;
    options.settings.settings.tour_done = false;
    options.laboratory.strategies.clear(); // all that can run here
    AppDriver driver(options);
    INFO("seed " << seed);
    Monkey(driver, seed).play(events);
    driver.surface().resize({ 1280, 800 });
    driver.frames(3);
    CHECK_FALSE(driver.application().laboratory().runs().empty());
    CHECK_FALSE(driver.application().screen().panels.empty());
    CHECK(driver.colors() > 10);
}

}

TEST_CASE("a thousand random clicks and keys do no harm", "[visualizer][monkey]")
{
    auto seed = GENERATE(1u, 2u);
    let_a_monkey_play(seed, 500);
}

TEST_CASE("twenty thousand random clicks and keys do no harm", "[.long-monkey]")
{
    let_a_monkey_play(3, 20'000);
}
