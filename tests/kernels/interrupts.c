// Interrupts by every controller: the 8259 PICs, the local APIC, the I/O APIC that the MP table tells of; and the devices
// that raise them.
#include "runtime.h"

enum { PIC_MASTER = 0x20, PIC_SLAVE = 0xA0, PIT = 0x40, CMOS = 0x70, COM1 = 0x3F8 };
enum { IRQ_BASE = 0x20, TIMER = 0x40, SELF = 0x41, HIGHER = 0x91, PIN_PIT = 0x50, PIN_COM1 = 0x51, PIN_RTC = 0x58, SPURIOUS = 0xFF };
#define LOCAL_APIC ((volatile uint32_t *)0xFEE00000)
#define IO_APIC ((volatile uint32_t *)0xFEC00000)

static volatile unsigned counts[256];
static volatile uint32_t first_eip; // of the first interrupt since it was set to 0
static uint32_t order[8];
static unsigned ordered;

static uint8_t read_cmos(uint8_t index)
{
    out8(CMOS, index);
    return in8(CMOS + 1);
}

static void write_cmos(uint8_t index, uint8_t value)
{
    out8(CMOS, index);
    out8(CMOS + 1, value);
}

static uint8_t interrupt_identification;

static void acknowledge(uint32_t vector)
{
    if (vector == IRQ_BASE + 8 || vector == PIN_RTC)
        (void)read_cmos(0x0C);
    if (vector == IRQ_BASE + 4 || vector == PIN_COM1)
        interrupt_identification = in8(COM1 + 2);
    if (vector >= IRQ_BASE + 8 && vector < IRQ_BASE + 16)
        out8(PIC_SLAVE, 0x20);
    if (vector >= IRQ_BASE && vector < IRQ_BASE + 16)
        out8(PIC_MASTER, 0x20);
    else if (vector != SPURIOUS && vector != NMI)
        LOCAL_APIC[0xB0 / 4] = 0;
}

static bool count(struct trap *trap)
{
    if (trap->vector != NMI && trap->vector < IRQ_BASE)
        return false;
    ++counts[trap->vector];
    order[ordered++ & 7] = trap->vector;
    if (first_eip == 0)
        first_eip = trap->eip;
    acknowledge(trap->vector);
    return true;
}

// Sleeps until `vector` came `times` times, or until 2000 other interrupts have come instead.
static bool wait_for(uint8_t vector, unsigned times)
{
    unsigned begin = counts[vector];
    for (unsigned i = 0; i < 2000 + times; ++i) {
        __asm__ volatile("cli");
        if (counts[vector] - begin >= times)
            return true;
        __asm__ volatile("sti; hlt; cli");
    }
    return false;
}

static void set_masks(uint16_t masks)
{
    out8(PIC_MASTER + 1, (uint8_t)masks);
    out8(PIC_SLAVE + 1, (uint8_t)(masks >> 8));
}

static void set_up_pics(void)
{
    out8(PIC_MASTER, 0x11);
    out8(PIC_SLAVE, 0x11);
    out8(PIC_MASTER + 1, IRQ_BASE);
    out8(PIC_SLAVE + 1, IRQ_BASE + 8);
    out8(PIC_MASTER + 1, 4);
    out8(PIC_SLAVE + 1, 2);
    out8(PIC_MASTER + 1, 1);
    out8(PIC_SLAVE + 1, 1);
    set_masks(0xFFFF);
    check("pic: masks read back", 0xFF, in8(PIC_MASTER + 1));
}

static void set_pit(unsigned hertz)
{
    unsigned divisor = 1193182 / hertz;
    out8(PIT + 3, 0x34);
    out8(PIT, (uint8_t)divisor);
    out8(PIT, (uint8_t)(divisor >> 8));
}

static bool request_pending(void)
{
    out8(PIC_MASTER, 0x0A); // OCW3: read the request register
    return in8(PIC_MASTER) & 1;
}

// --- PIC, PIT, RTC --------------------------------------------------------------------------------------------------

static void test_timer(void)
{
    set_masks(0xFFFE);
    set_pit(1000);
    check_that("pit: 50 ticks wake hlt", wait_for(IRQ_BASE, 50));
    check("pit: nothing else came", counts[IRQ_BASE], ordered);
    // The RTC's periodic interrupt at 1024 Hz is the other clock.
    write_cmos(0x0A, 0x26);
    write_cmos(0x0B, (uint8_t)(read_cmos(0x0B) | 0x40));
    (void)read_cmos(0x0C);
    set_masks(0xFEFA);
    unsigned begin = counts[IRQ_BASE];
    check_that("rtc: 128 periodic interrupts", wait_for(IRQ_BASE + 8, 128));
    unsigned ticks = counts[IRQ_BASE] - begin;
    check_that("pit and rtc agree on time", ticks >= 100 && ticks <= 150);
    write_cmos(0x0B, (uint8_t)(read_cmos(0x0B) & ~0x40));
    set_masks(0xFFFE);
}

static void pend_a_tick(void)
{
    __asm__ volatile("cli");
    while (!request_pending())
        ;
}

CODE(sti_hlt, "sti; hlt; cli")
CODE(sti_nop_cli, "sti; nop; cli")
CODE(sti_cli, "sti; cli; nop; nop")
CODE(popf_cli, "pushl $0x202; popfl; cli")
CODE(iret_cli, "pushl $0x202; pushl %cs; pushl $1f; iret; 1: cli")

static void expect_taken(const char *name, void (*code)(void), uint32_t offset)
{
    pend_a_tick();
    unsigned begin = counts[IRQ_BASE];
    first_eip = 0;
    code();
    check_that(name, counts[IRQ_BASE] > begin); // on a busy host the next tick may have come, too
    check("  where it was taken", offset, first_eip - (uint32_t)code);
}

static void test_shadow(void)
{
    set_pit(100); // a tick is far off when one was just taken
    expect_taken("sti; hlt takes the waiting interrupt", sti_hlt, 2);
    expect_taken("sti; nop; cli takes it after nop", sti_nop_cli, 2);
    expect_taken("popf; cli takes it after popf", popf_cli, 6);
    expect_taken("iret; cli takes it after iret", iret_cli, 12);
    pend_a_tick();
    unsigned begin = counts[IRQ_BASE];
    sti_cli();
    check("sti; cli takes none", 0, counts[IRQ_BASE] - begin);
    __asm__ volatile("sti; nop; nop; cli");
    check_that("  it still waits", counts[IRQ_BASE] > begin);
    set_pit(5000);
    begin = counts[IRQ_BASE];
    for (unsigned i = 0; i < 300; ++i)
        __asm__ volatile("sti; hlt; cli");
    check_that("300 times sti; hlt", counts[IRQ_BASE] - begin >= 300); // the next may come before cli
    set_masks(0xFFFF);
}

static void test_pit_channel_2(void)
{
    out8(0x61, (uint8_t)((in8(0x61) & ~2) | 1)); // gate on, speaker off
    out8(PIT + 3, 0xB0);                         // channel 2, mode 0
    out8(PIT + 2, 0x55);
    check("port 0x61: channel 2 counts", 0, in8(0x61) & 0x20);
    out8(PIT + 2, 0x02);
    unsigned reads = 0;
    while (!(in8(0x61) & 0x20) && ++reads < 10000000)
        ;
    check("port 0x61: its output rises", 0x20, in8(0x61) & 0x20);
}

// --- UART, CMOS, 8042 -----------------------------------------------------------------------------------------------

static void test_uart(uint8_t vector)
{
    unsigned begin = counts[vector];
    interrupt_identification = 0;
    out8(COM1 + 4, 0x0B); // OUT2 lets interrupts through
    out8(COM1 + 1, 0x02); // transmitter empty
    check_that("uart: transmitter empty", wait_for(vector, 1));
    check("  iir", 0x02, interrupt_identification & 0x0F);
    check("  once", 1, counts[vector] - begin);
    out8(COM1, '#');
    bool again = wait_for(vector, 1);
    out8(COM1, '\n');
    check_that("uart: again after a character", wait_for(vector, 1) && again);
    out8(COM1 + 1, 0);
    out8(COM1 + 7, 0x5A);
    check("uart: scratch register", 0x5A, in8(COM1 + 7));
}

static bool is_bcd(uint8_t value, uint8_t low, uint8_t high)
{
    return (value & 15) <= 9 && value >= low && value <= high;
}

static void test_cmos(void)
{
    unsigned above_1m = read_cmos(0x17) | read_cmos(0x18) << 8;
    unsigned above_16m = read_cmos(0x34) | read_cmos(0x35) << 8;
    check("cmos: kilobytes below 1 MiB", 640, read_cmos(0x15) | (uint32_t)read_cmos(0x16) << 8);
    check("cmos: kilobytes above 1 MiB", 31 * 1024, above_1m);
    check("cmos: 64 KiB blocks above 16 MiB", 256, above_16m);
    while (read_cmos(0x0A) & 0x80)
        ;
    check_that("cmos: seconds", is_bcd(read_cmos(0), 0, 0x59));
    check_that("cmos: minutes", is_bcd(read_cmos(2), 0, 0x59));
    check_that("cmos: hours", is_bcd(read_cmos(4), 0, 0x23));
    check_that("cmos: day", is_bcd(read_cmos(7), 1, 0x31));
    check_that("cmos: month", is_bcd(read_cmos(8), 1, 0x12));
    check_that("cmos: year", is_bcd(read_cmos(9), 0, 0x99));
    check("cmos: 24 hours, bcd", 0x02, read_cmos(0x0B) & 0x06);
    check("cmos: battery good", 0x80, read_cmos(0x0D) & 0x80);
}

static void test_keyboard_controller(void)
{
    while (in8(0x64) & 1)
        (void)in8(0x60);
    out8(0x64, 0xAA);
    unsigned waits = 0;
    while (!(in8(0x64) & 1) && ++waits < 100000)
        ;
    check("8042: self test", 0x55, in8(0x60));
    out8(0x64, 0x20);
    while (!(in8(0x64) & 1) && ++waits < 200000)
        ;
    (void)in8(0x60);
    check_that("8042: command byte", waits < 200000);
}

// --- the MP table (MultiProcessor Specification 1.4 chapter 4) ------------------------------------------------------

static uint8_t sum(const uint8_t *bytes, size_t size)
{
    uint8_t total = 0;
    for (size_t i = 0; i < size; ++i)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

static const uint8_t *find_pointer(uint32_t begin, uint32_t size)
{
    for (uint32_t address = begin; address + 16 <= begin + size; address += 16) {
        const uint8_t *bytes = (const uint8_t *)address;
        if (*(const uint32_t *)bytes == 0x5F504D5F && sum(bytes, 16) == 0)
            return bytes;
    }
    return NULL;
}

static uint32_t local_apic_found, io_apic_found, pin_of_timer = 0xFF, pin_of_com1 = 0xFF, processors, isa_bus = 0xFF;

static void read_mp_entry(const uint8_t *entry)
{
    if (entry[0] == 0)
        processors += entry[3] & 1;
    if (entry[0] == 1 && entry[2] == 'I' && entry[3] == 'S' && entry[4] == 'A')
        isa_bus = entry[1];
    if (entry[0] == 2 && (entry[3] & 1))
        io_apic_found = *(const uint32_t *)(entry + 4);
    if (entry[0] == 3 && entry[1] == 0 && entry[4] == isa_bus && entry[5] == 0)
        pin_of_timer = entry[7];
    if (entry[0] == 3 && entry[1] == 0 && entry[4] == isa_bus && entry[5] == 4)
        pin_of_com1 = entry[7];
}

static void test_mp_table(void)
{
    uint32_t extended = (uint32_t)*(volatile uint16_t *)0x40E << 4;
    uint32_t base_end = (uint32_t)*(volatile uint16_t *)0x413 * 1024;
    const uint8_t *pointer = find_pointer(extended, 1024);
    if (!pointer)
        pointer = find_pointer(base_end - 1024, 1024);
    if (!pointer)
        pointer = find_pointer(0xF0000, 0x10000);
    check_that("mp: floating pointer", pointer != NULL);
    if (!pointer)
        return;
    const uint8_t *table = (const uint8_t *)*(const uint32_t *)(pointer + 4);
    check("mp: signature", 0x504D4350, *(const uint32_t *)table);
    check("mp: checksum", 0, sum(table, *(const uint16_t *)(table + 4)));
    local_apic_found = *(const uint32_t *)(table + 36);
    const uint8_t *entry = table + 44;
    for (unsigned i = 0; i < *(const uint16_t *)(table + 34); ++i) {
        read_mp_entry(entry);
        entry += entry[0] == 0 ? 20 : 8;
    }
    check("mp: entries end with the table", (uint32_t)table + *(const uint16_t *)(table + 4), (uint32_t)entry);
    check("mp: one processor", 1, processors);
    check("mp: local apic", (uint32_t)LOCAL_APIC, local_apic_found);
    check("mp: i/o apic", (uint32_t)IO_APIC, io_apic_found);
    check("mp: irq 0 is at pin 2", 2, pin_of_timer);
    check("mp: irq 4 is at pin 4", 4, pin_of_com1);
}

// --- local APIC: SDM 3A chapter 10 ----------------------------------------------------------------------------------

static void test_local_apic(void)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0x1B));
    check("apic: base msr", 0xFEE00900, low & 0xFFFFFF00);
    check("apic: id", 0, LOCAL_APIC[0x20 / 4] >> 24);
    check("apic: an integrated one", 0x10, LOCAL_APIC[0x30 / 4] & 0xF0);
    LOCAL_APIC[0xF0 / 4] = 0x100 | SPURIOUS;
    LOCAL_APIC[0x3E0 / 4] = 0x3; // divide by 16
    LOCAL_APIC[0x320 / 4] = TIMER;
    LOCAL_APIC[0x380 / 4] = 10000;
    check_that("apic timer: one shot", wait_for(TIMER, 1));
    check("  its count is over", 0, LOCAL_APIC[0x390 / 4]);
    LOCAL_APIC[0x320 / 4] = 0x20000 | TIMER;
    LOCAL_APIC[0x380 / 4] = 20000;
    check_that("apic timer: periodic", wait_for(TIMER, 20));
    LOCAL_APIC[0x320 / 4] = 0x10000;
    LOCAL_APIC[0x380 / 4] = 0;
    __asm__ volatile("sti; nop; nop; cli");
    unsigned begin = counts[TIMER];
    for (volatile unsigned i = 0; i < 100000; ++i)
        ;
    __asm__ volatile("sti; nop; nop; cli");
    check("apic timer: masked", begin, counts[TIMER]);
}

static void send_to_self(uint32_t vector) { LOCAL_APIC[0x300 / 4] = 0x40000 | vector; }

static void test_self_interrupts(void)
{
    send_to_self(SELF);
    check("ipi: in irr", 1u << (SELF & 31), LOCAL_APIC[(0x200 + (SELF / 32) * 16) / 4] & (1u << (SELF & 31)));
    check("ipi: not taken with interrupts off", 0, counts[SELF]);
    __asm__ volatile("sti; nop; nop; cli");
    check("ipi: to self", 1, counts[SELF]);
    ordered = 0;
    send_to_self(SELF);
    send_to_self(HIGHER);
    __asm__ volatile("sti; nop; nop; nop; cli");
    check("ipi: the higher priority first", HIGHER, order[0]);
    check("  then the lower", SELF, order[1]);
    LOCAL_APIC[0x80 / 4] = 0x80;
    send_to_self(SELF);
    __asm__ volatile("sti; nop; nop; cli");
    check("ipi: held back by the task priority", 2, counts[SELF]);
    LOCAL_APIC[0x80 / 4] = 0;
    __asm__ volatile("sti; nop; nop; cli");
    check("ipi: let go by it", 3, counts[SELF]);
}

// An NMI comes with interrupts off, and another only after IRET (SDM 3A §6.7.1).
static unsigned nested_in_nmi;
static void send_nmi(void)
{
    LOCAL_APIC[0x310 / 4] = 0;
    LOCAL_APIC[0x300 / 4] = 0x4400;
}
static bool count_nmi(struct trap *trap)
{
    if (trap->vector != NMI)
        return false;
    if (++counts[NMI] == 1) {
        send_nmi();
        for (volatile unsigned i = 0; i < 10; ++i)
            ;
        nested_in_nmi = counts[NMI];
    }
    return true;
}

static void test_nmi(void)
{
    on_trap = count_nmi;
    send_nmi();
    for (volatile unsigned i = 0; i < 10; ++i)
        ;
    check("nmi: with interrupts off, and the second too", 2, counts[NMI]);
    check("nmi: but not inside the first", 1, nested_in_nmi);
    on_trap = count;
}

// --- I/O APIC -------------------------------------------------------------------------------------------------------

static void route(unsigned pin, uint8_t vector)
{
    IO_APIC[0] = 0x10 + 2 * pin + 1;
    IO_APIC[4] = 0;
    IO_APIC[0] = 0x10 + 2 * pin;
    IO_APIC[4] = vector;
}

static void mask_pin(unsigned pin)
{
    IO_APIC[0] = 0x10 + 2 * pin;
    IO_APIC[4] = 0x10000;
}

static void test_io_apic(void)
{
    IO_APIC[0] = 1;
    check("i/o apic: 24 pins", 23, (IO_APIC[4] >> 16) & 0xFF);
    route(pin_of_timer, PIN_PIT);
    set_pit(1000);
    check_that("i/o apic: irq 0", wait_for(PIN_PIT, 20));
    route(8, PIN_RTC);
    write_cmos(0x0B, (uint8_t)(read_cmos(0x0B) | 0x40));
    (void)read_cmos(0x0C);
    check_that("i/o apic: rtc", wait_for(PIN_RTC, 20));
    write_cmos(0x0B, (uint8_t)(read_cmos(0x0B) & ~0x40));
    route(pin_of_com1, PIN_COM1);
    test_uart(PIN_COM1);
    mask_pin(pin_of_com1);
    mask_pin(pin_of_timer);
    __asm__ volatile("sti; nop; nop; cli");
    unsigned begin = counts[PIN_PIT];
    send_to_self(SELF);
    wait_for(SELF, 1);
    check("i/o apic: masked", begin, counts[PIN_PIT]);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    on_trap = count;
    test_cmos();
    test_keyboard_controller();
    test_mp_table();
    set_up_pics();
    test_timer();
    test_shadow();
    test_pit_channel_2();
    set_masks(0xFFEE);
    set_pit(100);
    test_uart(IRQ_BASE + 4);
    set_masks(0xFFFF);
    test_local_apic();
    test_self_interrupts();
    test_nmi();
    test_io_apic();
}
