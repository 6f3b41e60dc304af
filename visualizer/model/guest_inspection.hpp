// Everything about a guest at one moment, from a GuestSnapshot and a look into its memory.
//
//   register_view     registers with what has changed, control registers bit by bit, segments, devices, interrupt lines
//   page_table_view   the guest's page tables as a tree, the strategy's mapping beside it, and why they differ
//   memory_view       memory in hex
//   code_view         the code around EIP, with what is privileged or sensitive marked; a block beside its translation
//
// All are data; lines() of each gives the same as text, for the command line, for copying and for screen readers.
#pragma once

#include "visualizer/model/code_view.hpp"
#include "visualizer/model/memory_view.hpp"
#include "visualizer/model/page_table_view.hpp"
#include "visualizer/model/register_view.hpp"
