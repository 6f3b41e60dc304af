/* Text without a C library; the contract is in text.h. */
#include "text.h"

#include <stdint.h>

#define LINE_SIZE 256

size_t text_length(const char* text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

bool text_equal(const char* a, const char* b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

struct output {
    char* buffer;
    size_t size, length;
};

static void put(struct output* output, char character)
{
    if (output->length + 1 < output->size) {
        output->buffer[output->length++] = character;
    }
}

static void put_padded(struct output* output, const char* text, size_t width, bool left)
{
    const size_t length = text_length(text);
    const size_t padding = width > length ? width - length : 0;
    for (size_t i = 0; !left && i < padding; i++) {
        put(output, ' ');
    }
    while (*text != '\0') {
        put(output, *text++);
    }
    for (size_t i = 0; left && i < padding; i++) {
        put(output, ' ');
    }
}

/* Writes backwards from the end of `digits` and returns where the number starts. */
static const char* decimal(char digits[11], uint32_t value)
{
    char* at = digits + 10;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return at;
}

static const char* hexadecimal(char digits[11], uint32_t value)
{
    digits[0] = '0';
    digits[1] = 'x';
    for (int i = 0; i < 8; i++) {
        digits[2 + i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 0xF];
    }
    digits[10] = '\0';
    return digits;
}

size_t text_format(char* buffer, size_t size, const char* format, va_list arguments)
{
    struct output output = { buffer, size, 0 };
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(&output, *format);
            continue;
        }
        format++;
        const bool left = *format == '-';
        if (left) {
            format++;
        }
        size_t width = 0;
        for (; *format >= '0' && *format <= '9'; format++) {
            width = width * 10 + (size_t)(*format - '0');
        }
        char digits[11];
        if (*format == 's') {
            put_padded(&output, va_arg(arguments, const char*), width, left);
        } else if (*format == 'u') {
            put_padded(&output, decimal(digits, va_arg(arguments, uint32_t)), width, left);
        } else if (*format == 'x') {
            put_padded(&output, hexadecimal(digits, va_arg(arguments, uint32_t)), width, left);
        } else {
            put(&output, *format);
        }
    }
    buffer[output.length] = '\0';
    return output.length;
}

void print(const char* format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const size_t length = text_format(line, sizeof line, format, arguments);
    va_end(arguments);
    console_write(line, length);
}
