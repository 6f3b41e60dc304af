/*
 * Command lines of words `key=value`, separated by blanks. Other words are ignored, and of
 * several values for one key the last one counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies the value, cut to `size` with its end; false when the key is not there. */
bool argument_text(const char* line, const char* key, char* value, size_t size);

/*
 * The value as a decimal number from `least` to `most`, or `fallback` when the key is not there.
 * Anything else is refused: a message, and the run ends as a failure.
 */
uint32_t argument_number(const char* line, const char* key, uint32_t fallback, uint32_t least, uint32_t most);
