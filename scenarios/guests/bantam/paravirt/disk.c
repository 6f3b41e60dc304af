/*
 * The disks that the command line of the monitor named: what they hold, and, unless write=0, that what is written can be
 * read back. Each disk's last sectors get a pattern.
 */
#include "arguments.h"
#include "hypercall.h"
#include "machine_workloads.h"
#include "memory.h"
#include "text.h"

#define SECTORS 4u

static uint8_t written[SECTORS * PV_SECTOR], read_back[SECTORS * PV_SECTOR];

static int32_t transfer(uint32_t operation, uint32_t disk, uint32_t sector, uint32_t count, void* data)
{
    const struct pv_block block = { operation, disk, sector, count, (uint32_t)data, 0 };
    return hypercall(PV_BLOCK, &block);
}

static bool writes_well(uint32_t disk, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < sizeof written; i++) {
        written[i] = (uint8_t)(i * 7 + disk + i / PV_SECTOR);
    }
    memset(read_back, 0, sizeof read_back);
    return transfer(PV_BLOCK_WRITE, disk, first, count, written) == PV_OK
        && transfer(PV_BLOCK_READ, disk, first, count, read_back) == PV_OK
        && memcmp(written, read_back, count * PV_SECTOR) == 0;
}

static bool try_disk(uint32_t disk, const struct pv_block* found, bool write)
{
    const uint32_t count = found->count < SECTORS ? found->count : SECTORS;
    const uint32_t first = found->count - count;
    print("disk: %u has %u sectors%s\n", disk, found->count, found->read_only ? ", read-only" : "");
    if (transfer(PV_BLOCK_READ, disk, found->count, 1, read_back) != PV_ERROR_DEVICE) {
        print("disk: a sector behind the end was read: WRONG\n");
        return false;
    }
    if (found->read_only) {
        return transfer(PV_BLOCK_READ, disk, first, count, read_back) == PV_OK
            && transfer(PV_BLOCK_WRITE, disk, first, count, read_back) == PV_ERROR_DEVICE;
    }
    return !write || writes_well(disk, first, count);
}

bool run_disk(const char* arguments)
{
    const bool write = argument_number(arguments, "write", 1, 0, 1) != 0;
    uint32_t disk = 0;
    for (;; disk++) {
        struct pv_block found = { .operation = PV_BLOCK_CAPACITY, .disk = disk };
        if (hypercall(PV_BLOCK, &found) != PV_OK) {
            break;
        }
        if (!try_disk(disk, &found, write)) {
            print("disk: %u answers wrong\n", disk);
            return false;
        }
    }
    print("disk: %u disks: ok\n", disk);
    return true;
}
