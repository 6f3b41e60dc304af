// Chrome trace JSON, which ui.perfetto.dev and chrome://tracing open. One process, and a track each for
//
//   virtual ring, real ring   a slice for as long as the guest was there
//   exits                     a slice for as long as the monitor had control
//   interrupts, machine       an instant for each event
//
// Times are microseconds with nanosecond precision, counted from the start of the trace.
#pragma once

#include "core/trace/exporters.hpp"

namespace ringside {

Result<void> export_chrome(TraceReader& reader, std::ostream& out);

}
