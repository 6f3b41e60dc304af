// JSON lines: one object for each event, in the order of the trace.
//
//   {"time_ns":12345,"event":"port-write","duration_ns":210,"virtual_ring":0,"real_ring":"interpreted","eip":1048640,
//    "symbol":"putc+0x4","raw":0,"port":1016,"size":1,"value":65,"text":"..."}
//
// Fields have the names of events.inc and are numbers; `text` has them as people read them. `duration_ns` is there for
// exits only, `symbol` only when the trace has a name for the address. Times count from the start of the trace.
#pragma once

#include "core/trace/exporters.hpp"

namespace ringside {

Result<void> export_jsonl(TraceReader& reader, std::ostream& out);

}
