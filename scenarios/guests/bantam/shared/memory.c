/*
 * The memory functions. The string instructions keep the compiler from recognizing a loop as
 * memcpy and calling the function from within itself.
 */
#include "memory.h"

#include <stdint.h>

void* memcpy(void* to, const void* from, size_t size)
{
    void* destination = to;
    __asm__ volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void* memmove(void* to, const void* from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        return memcpy(to, from, size);
    }
    uint8_t* destination = (uint8_t*)to + size - 1;
    const uint8_t* source = (const uint8_t*)from + size - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(destination), "+S"(source), "+c"(size) : : "memory");
    return to;
}

void* memset(void* to, int value, size_t size)
{
    void* destination = to;
    __asm__ volatile("rep stosb" : "+D"(destination), "+c"(size) : "a"(value) : "memory");
    return to;
}

int memcmp(const void* a, const void* b, size_t size)
{
    const uint8_t* left = a;
    const uint8_t* right = b;
    for (; size != 0; size--, left++, right++) {
        if (*left != *right) {
            return *left - *right;
        }
    }
    return 0;
}
