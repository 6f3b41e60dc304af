// The VGA's text screen on its way from a worker.
#pragma once

#include "core/devices/vga_text.hpp"
#include "core/trace/byte_stream.hpp"

namespace ringside {

void encode(ByteWriter& out, const VgaTextSnapshot& screen);
// The cursor lies on the screen whatever the bytes say.
VgaTextSnapshot decode_screen(ByteReader& in);

}
