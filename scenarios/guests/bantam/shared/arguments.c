/* Command lines; the contract is in arguments.h. */
#include "arguments.h"

#include "text.h"

#define VALUE_SIZE 32

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* The text behind `key=` when `word` starts with it, otherwise null. */
static const char* value_of(const char* word, const char* key)
{
    while (*key != '\0' && *word == *key) {
        word++;
        key++;
    }
    return *key == '\0' && *word == '=' ? word + 1 : NULL;
}

static const char* last_value(const char* line, const char* key)
{
    const char* value = NULL;
    while (*line != '\0') {
        if (is_blank(*line)) {
            line++;
            continue;
        }
        const char* candidate = value_of(line, key);
        if (candidate != NULL) {
            value = candidate;
        }
        while (*line != '\0' && !is_blank(*line)) {
            line++;
        }
    }
    return value;
}

bool argument_text(const char* line, const char* key, char* value, size_t size)
{
    const char* from = last_value(line, key);
    if (from == NULL) {
        return false;
    }
    size_t length = 0;
    while (length + 1 < size && from[length] != '\0' && !is_blank(from[length])) {
        value[length] = from[length];
        length++;
    }
    value[length] = '\0';
    return true;
}

static bool parse_number(const char* text, uint32_t* number)
{
    uint32_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        const uint32_t digit = (uint32_t)(*text - '0');
        if (digit > 9 || value > (UINT32_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

uint32_t argument_number(const char* line, const char* key, uint32_t fallback, uint32_t least, uint32_t most)
{
    char text[VALUE_SIZE];
    if (!argument_text(line, key, text, sizeof text)) {
        return fallback;
    }
    uint32_t value;
    if (parse_number(text, &value) && value >= least && value <= most) {
        return value;
    }
    print("bantam: %s=%s: must be a number from %u to %u\n", key, text, least, most);
    stop_with_failure();
}
