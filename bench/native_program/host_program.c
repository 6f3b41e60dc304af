/*
 * A ring-3 program of bantam as a 32-bit program of the host:
 *
 *     host-program IMAGE TEXT [HERTZ]
 *
 * IMAGE is the guest's own file. It is loaded where bantam loads it, with heap and stack where bantam has them and with
 * TEXT as bantam would leave it there, so that the same bytes run at the same addresses: where code, data and stack lie
 * within a cache line is worth some hundredths of a kernel's time. Its system calls come here through the gate that
 * bantam's programs use where their kernel offers one. Nothing of this program runs between the two lines that a kernel
 * is timed by.
 *
 * With HERTZ it gets as many signals a second, which is the least that a timer tick of the guest takes.
 */
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "system_calls.h"

enum linux_call {
    LINUX_EXIT = 1,
    LINUX_READ = 3,
    LINUX_WRITE = 4,
    LINUX_OPEN = 5,
    LINUX_MMAP = 90,
    LINUX_SETITIMER = 104,
    LINUX_RT_SIGACTION = 174,
};

#define READ_WRITE_EXECUTE 7
#define PRIVATE_FIXED_ANONYMOUS 0x32
#define ALARM_SIGNAL 14
#define MICROSECONDS 1000000u
#define LARGEST_IMAGE 0x100000u
#define SEGMENT_LOAD 1

struct elf_header {
    uint8_t identification[16];
    uint16_t type, machine;
    uint32_t version, entry, program_headers, section_headers, flags;
    uint16_t header_size, program_header_size, program_header_count;
};

struct program_header {
    uint32_t type, offset, address, physical, file_size, memory_size, flags, alignment;
};

_Noreturn void enter_image(uint32_t entry, uint32_t stack);
void host_gate(void);
void ignore_signal(int signal);

static uint8_t image[LARGEST_IMAGE];

static int32_t linux_call(enum linux_call number, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth)
{
    int32_t answer;
    __asm__ volatile("int $0x80"
                     : "=a"(answer)
                     : "a"(number), "b"(first), "c"(second), "d"(third), "S"(fourth)
                     : "memory");
    return answer;
}

static _Noreturn void leave(uint32_t status)
{
    linux_call(LINUX_EXIT, status, 0, 0, 0);
    __builtin_unreachable();
}

static void check(int good)
{
    if (!good) {
        leave(2);
    }
}

static uint32_t length_of(const char* text)
{
    uint32_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static void copy(void* to, const void* from, uint32_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static void write_text(const char* text, uint32_t length)
{
    linux_call(LINUX_WRITE, 1, (uint32_t)text, length, 0);
}

uint32_t host_system_call(uint32_t number, uint32_t first, uint32_t second)
{
    switch (number) {
    case CALL_EXIT:
        leave(first);
    case CALL_WRITE:
        write_text((const char*)first, second);
        return second;
    case CALL_BENCH: {
        const char* text = first != 0 ? "bench: begin\n" : "bench: end\n";
        write_text(text, length_of(text));
        return 0;
    }
    default:
        return BAD_CALL;
    }
}

/* Private zeros on first touch, a page at a time, as the guest's are. */
static void map(uint32_t start, uint32_t end)
{
    const uint32_t arguments[6] = { start, end - start, READ_WRITE_EXECUTE, PRIVATE_FIXED_ANONYMOUS, 0xFFFFFFFF, 0 };
    check((uint32_t)linux_call(LINUX_MMAP, (uint32_t)arguments, 0, 0, 0) == start);
}

static uint32_t load(const char* path)
{
    const int32_t file = linux_call(LINUX_OPEN, (uint32_t)path, 0, 0, 0);
    const int32_t size = linux_call(LINUX_READ, (uint32_t)file, (uint32_t)image, sizeof image, 0);
    check(size > (int32_t)sizeof(struct elf_header));
    const struct elf_header* header = (const struct elf_header*)image;
    const struct program_header* segment = (const struct program_header*)(image + header->program_headers);
    for (uint32_t i = 0; i < header->program_header_count; i++, segment++) {
        if (segment->type != SEGMENT_LOAD) {
            continue;
        }
        check(segment->offset + segment->file_size <= (uint32_t)size);
        map(segment->address & -PAGE_SIZE, (segment->address + segment->memory_size + PAGE_SIZE - 1) & -PAGE_SIZE);
        copy((void*)segment->address, image + segment->offset, segment->file_size);
    }
    return header->entry;
}

/* As bantam's build_user_stack(): the text at the top, and below it the arguments of program_main(). */
static uint32_t build_stack(const char* text)
{
    const uint32_t size = length_of(text) + 1;
    const uint32_t text_at = (USER_END - size) & ~15u;
    copy((void*)text_at, text, size);
    uint32_t* arguments = (uint32_t*)(text_at - 16);
    uint32_t code_selector;
    __asm__ volatile("movl %%cs, %0" : "=r"(code_selector));
    arguments[0] = text_at;
    arguments[1] = (uint32_t)host_gate;
    arguments[2] = code_selector;
    return (uint32_t)arguments;
}

static uint32_t number_of(const char* text)
{
    uint32_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (uint32_t)(*text - '0');
    }
    return number;
}

static void start_signals(uint32_t hertz)
{
    check(hertz > 1 && hertz <= MICROSECONDS);
    const struct {
        void (*handler)(int);
        uint32_t flags, restorer, mask[2];
    } action = { ignore_signal, 0, 0, { 0, 0 } };
    check(linux_call(LINUX_RT_SIGACTION, ALARM_SIGNAL, (uint32_t)&action, 0, sizeof action.mask) == 0);
    const uint32_t period = MICROSECONDS / hertz;
    const struct {
        uint32_t interval[2], first[2];
    } timer = { { 0, period }, { 0, period } };
    check(linux_call(LINUX_SETITIMER, 0, (uint32_t)&timer, 0, 0) == 0);
}

_Noreturn void host_main(const uint32_t* from_linux)
{
    const uint32_t count = from_linux[0];
    char* const* words = (char* const*)(from_linux + 1);
    check(count == 3 || count == 4);
    const uint32_t entry = load(words[1]);
    map(USER_HEAP, USER_HEAP_END);
    map(USER_STACK, USER_END);
    const uint32_t stack = build_stack(words[2]);
    if (count == 4) {
        start_signals(number_of(words[3]));
    }
    enter_image(entry, stack);
}
