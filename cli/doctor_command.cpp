#include "cli/commands.hpp"
void ringside::add_doctor_command(Program&) {}
void ringside::add_demo_command(Program&) {}
