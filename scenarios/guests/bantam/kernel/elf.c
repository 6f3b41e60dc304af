/*
 * Loading an ELF32 program (Tool Interface Standard ELF 1.2, "Program Header").
 *
 * The file comes from outside, so every offset and address in it is checked before use.
 */
#include "elf.h"

#include <stdbool.h>

#include "address_space.h"
#include "memory.h"
#include "paging.h"
#include "text.h"

#define ELF_MAGIC 0x464C457Fu /* 0x7F "ELF" */
#define CLASS_32_LITTLE_ENDIAN 0x0101u
#define TYPE_EXECUTABLE 2
#define MACHINE_386 3
#define SEGMENT_LOAD 1
#define SEGMENT_WRITABLE 2

struct elf_header {
    uint32_t magic;
    uint16_t class_and_encoding;
    uint8_t identification[10];
    uint16_t type, machine;
    uint32_t version, entry, program_headers, section_headers, flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};

struct program_header {
    uint32_t type, offset, address, physical, file_size, memory_size, flags, alignment;
};

static bool lies_within(uint32_t start, uint32_t size, uint32_t least, uint32_t most)
{
    return start >= least && start <= most && size <= most - start;
}

static const char* header_defect(const struct elf_header* header, uint32_t file_size)
{
    if (file_size < sizeof *header || header->magic != ELF_MAGIC) {
        return "not an ELF file";
    }
    if (header->class_and_encoding != CLASS_32_LITTLE_ENDIAN || header->machine != MACHINE_386
        || header->type != TYPE_EXECUTABLE) {
        return "not a 32-bit x86 executable";
    }
    if (header->program_header_size != sizeof(struct program_header)
        || !lies_within(header->program_headers, header->program_header_count * (uint32_t)sizeof(struct program_header),
            0, file_size)) {
        return "program headers outside the file";
    }
    if (!lies_within(header->entry, 1, USER_BASE, USER_HEAP)) {
        return "entry point outside the program's addresses";
    }
    return NULL;
}

static const char* segment_defect(const struct program_header* segment, uint32_t file_size)
{
    if (!lies_within(segment->offset, segment->file_size, 0, file_size)) {
        return "a segment outside the file";
    }
    if (segment->file_size > segment->memory_size
        || !lies_within(segment->address, segment->memory_size, USER_BASE, USER_HEAP)) {
        return "a segment outside the program's addresses";
    }
    return NULL;
}

/* Maps the segment's pages, and copies through the direct map what the file has for each. */
static const char* load_segment(const struct program_header* segment, const uint8_t* file, uint32_t directory)
{
    const uint32_t flags = (segment->flags & SEGMENT_WRITABLE) ? PAGE_WRITABLE : 0;
    const uint32_t end = segment->address + segment->memory_size;
    const uint32_t file_end = segment->address + segment->file_size;
    uint32_t address = segment->address;
    while (address < end) {
        const uint32_t page_end = (address & PAGE_FRAME) + PAGE_SIZE;
        if (!map_zero_page(directory, address, flags)) {
            return "more than fits into memory";
        }
        if (address < file_end) {
            const uint32_t frame = *user_page_entry(directory, address) & PAGE_FRAME;
            const uint32_t copy_end = file_end < page_end ? file_end : page_end;
            memcpy(physical_memory(frame + address % PAGE_SIZE), file + segment->offset + (address - segment->address),
                copy_end - address);
        }
        address = page_end;
    }
    return NULL;
}

uint32_t load_program(const struct module* module, uint32_t directory)
{
    const uint8_t* file = physical_memory(module->start);
    const uint32_t file_size = module->end - module->start;
    const struct elf_header* header = (const void*)file;
    const char* defect = header_defect(header, file_size);
    if (defect == NULL) {
        const struct program_header* segments = (const void*)(file + header->program_headers);
        for (uint32_t i = 0; i < header->program_header_count && defect == NULL; i++) {
            if (segments[i].type != SEGMENT_LOAD) {
                continue;
            }
            defect = segment_defect(&segments[i], file_size);
            if (defect == NULL) {
                defect = load_segment(&segments[i], file, directory);
            }
        }
    }
    if (defect != NULL) {
        print("bantam: module %s: %s\n", module->name, defect);
        return 0;
    }
    return header->entry;
}
