/* Text without a C library: what the kernel and the ring-3 programs both need. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

size_t text_length(const char* text);
bool text_equal(const char* a, const char* b);

/*
 * Formats into `buffer` of `size` bytes, always terminated, and returns the length.
 * Understands %s %u %x (eight digits after 0x) %%, and a width: %4u, %-20s.
 */
size_t text_format(char* buffer, size_t size, const char* format, va_list arguments);

void print(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* Each side provides these. */
void console_write(const char* text, size_t length);
void debug_write(const char* text, size_t length); /* to port 0xE9, for who develops the host */
_Noreturn void stop_with_failure(void);
