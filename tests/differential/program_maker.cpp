#include "tests/differential/program_maker.hpp"

#include "tests/differential/settings.hpp"

#include <array>

namespace ringside::test {

namespace {

Setting setting_for(unsigned ring)
{
    auto settings = paged_settings();
    auto setting = settings[ring == 3 ? 0 : 1];
    setting.state.cr4 |= cr4::osfxsr | cr4::osxmmexcpt;
    return setting;
}

std::array<std::byte, 512> fresh_fpu()
{
    std::array<std::byte, 512> image {};
    image[0] = std::byte { 0x7F }; // FCW 037F
    image[1] = std::byte { 0x03 };
    image[24] = std::byte { 0x80 }; // MXCSR 1F80
    image[25] = std::byte { 0x1F };
    return image;
}

}

ProgramMaker::ProgramMaker(uint64_t seed, OwnCode own_code)
    : ProgramWriter(seed)
    , m_own_code(own_code)
    , m_setting(setting_for(seed % 2 ? 3 : 0))
    , m_cases(seed, m_setting)
{
    m_program.seed = seed;
    m_program.ring = seed % 2 ? 3 : 0;
}

Program ProgramMaker::make()
{
    begin();
    for (unsigned pieces = 6 + below(14); pieces > 0; --pieces)
        piece();
    while (leads_on())
        end_piece();
    boundary();
    put({ 0xCD, program_layout::end_vector });
    return m_program;
}

void ProgramMaker::begin()
{
    m_program.state = m_setting.state;
    m_program.state.eflags = eflags::fixed | (one_in(2) ? eflags::if_ : 0);
    m_program.state.fxsave = fresh_fpu();
    for (auto& value : m_program.state.gpr)
        value = interesting();
    m_program.state.gpr[Esp] = stack();
    // Near the end of a page, often, so that blocks cross it.
    uint32_t start = one_in(2) ? page_size - below(200) : below(page_size);
    m_program.state.eip = program_layout::code + start;
    m_program.bytes.assign(start, 0xCC);
    one({ 0xEB, 16 }); // over data among the code
    m_hole = here();
    put({ 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 });
}

void ProgramMaker::piece()
{
    switch (below(16)) {
    case 0: case 1: case 2: case 3: case 4:
        instruction(true);
        break;
    case 5: case 6:
        instruction(false);
        break;
    case 7: case 8: case 9:
        branch();
        break;
    case 10:
        loop();
        break;
    case 11:
        fault();
        break;
    case 12: case 13:
        system();
        break;
    case 14:
        floating_point();
        break;
    case 15:
        m_own_code == OwnCode::Changed ? change_code() : filler();
        break;
    }
    end_piece();
}

Program make_program(uint64_t seed, OwnCode own_code)
{
    return ProgramMaker(seed, own_code).make();
}

}
