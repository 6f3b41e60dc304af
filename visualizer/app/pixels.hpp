// Reads back what OpenGL has drawn.
#pragma once

#include "visualizer/app/surface.hpp"

namespace ringside::visualizer {

// A function that the OpenGL library has, or null.
using FindFunction = void (*(*)(const char* name))();

// Of the framebuffer that is bound.
Image read_framebuffer(Size size, FindFunction find);

}
