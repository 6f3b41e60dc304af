/*
 * The paravirtual ABI: what a guest kernel that knows of its monitor and the monitor agree on.
 *
 * Self-contained plain C, shared by the guest and the monitor; the part before __ASSEMBLER__ serves assembly as well.
 *
 * Rings. Kernel and programs both really run in ring 3, told apart by the code segment in force: PV_KERNEL_CS is virtual
 * ring 0, PV_USER_CS virtual ring 3. The segments are in the processor's own tables, so loading their selectors does
 * not trap. The kernel's are flat. The programs' end at the boundary that the kernel sets, below which it keeps nothing.
 *
 * The linear addresses from PV_MONITOR_BASE on are the monitor's, in every address space and without paging too. Two
 * pages of them are the guest's to use:
 *
 *   0xFFFE0000  PV_SHARED_INFO     struct pv_shared_info, read and write
 *   0xFFFF0000  PV_HYPERCALL_PAGE  code: the hypercalls, 32 bytes each, then the monitor's side of the gates
 *
 * Start. A ported kernel is a Multiboot image and is entered as one: paging off, EAX and EBX as Multiboot says, but CS is
 * PV_KERNEL_CS, the others are PV_KERNEL_DS, FS and GS are null, and the virtual interrupt flag is off.
 *
 * A hypercall is a near call to its entry, with EAX the linear address of its structure where it has one. It answers
 * PV_OK or a PV_ERROR_ in EAX and changes nothing else but the flags. After an error nothing has happened, except where a
 * structure says how far things went. Structures and arrays of structures are 4-byte aligned; they and what they point to
 * lie in memory below PV_MONITOR_BASE that ring 0 may read (IN) and write (OUT): anything else is PV_ERROR_ADDRESS.
 */
#ifndef RINGSIDE_PARAVIRT_ABI_H
#define RINGSIDE_PARAVIRT_ABI_H

#define PV_ABI_VERSION 1
#define PV_MAGIC 0x56505352 /* "RSPV" */

#define PV_MONITOR_BASE 0xFFC00000
#define PV_SHARED_INFO 0xFFFE0000
#define PV_HYPERCALL_PAGE 0xFFFF0000
#define PV_HYPERCALL_BYTES 32
#define PV_ENTRY(number) (PV_HYPERCALL_PAGE + PV_HYPERCALL_BYTES * (number))

/*
 * In a frame, and for PV_IRET, the two low bits of a code selector are the virtual ring: the kernel's is
 * PV_KERNEL_CS_IN_FRAME there, so that a kernel finds out where a trap came from as on a bare machine.
 */
#define PV_KERNEL_CS 0x0F
#define PV_KERNEL_CS_IN_FRAME 0x0C
#define PV_KERNEL_DS 0x17
#define PV_USER_CS 0x1F
#define PV_USER_DS 0x27

/* --- Hypercalls: the number of the entry --- */

/* Those that enter the monitor. */
#define PV_VERSION 0              /* answers PV_ABI_VERSION: the cheapest way to the monitor and back */
#define PV_SET_TRAP_TABLE 1       /* struct pv_trap_table */
#define PV_SET_BOUNDARY 2         /* struct pv_boundary */
#define PV_CREATE_ADDRESS_SPACE 3 /* struct pv_address_space */
#define PV_SWITCH_ADDRESS_SPACE 4 /* struct pv_address_space */
#define PV_DESTROY_ADDRESS_SPACE 5 /* struct pv_address_space */
#define PV_UPDATE_PAGES 6         /* struct pv_page_updates */
#define PV_SET_TIMER 7            /* struct pv_timer */
#define PV_CONSOLE_WRITE 8        /* struct pv_console */
#define PV_CONSOLE_READ 9         /* struct pv_console */
#define PV_BLOCK 10               /* struct pv_block */
#define PV_PORT 11                /* struct pv_port */
#define PV_MARK 12                /* struct pv_mark */
#define PV_EXIT 13                /* struct pv_exit; does not return */
#define PV_HALT 14                /* turns the virtual interrupt flag on, and returns after the next event was taken */
#define PV_TAKE_EVENTS 15         /* call it when the virtual interrupt flag is on and `attention` is set */
/* Jump there. The frame at ESP is EIP, CS, EFLAGS and, for ring 3, ESP and SS. All registers stay as they are. */
#define PV_IRET 16

/* Those that the page serves itself. */
#define PV_RETURN_TO_RING_3 24 /* jump there: the return half of the system-call gate, below */
#define PV_GET_STATE 25        /* answers the PV_STATE_ bits in EAX */
#define PV_GET_TIME 26         /* answers nanoseconds since the machine started in EDX:EAX */

#define PV_ENTRIES 32

#define PV_STATE_INTERRUPTS 0x001 /* the virtual interrupt flag */
#define PV_STATE_EVENTS 0x100     /* an event waits for it */

/*
 * The system-call gate, for virtual ring 3: LJMP $PV_GATE_SELECTOR, $PV_SYSTEM_CALL_GATE with EDX the address to return
 * to. The kernel goes on at `system_call_entry`, its ESP `kernel_stack`, the virtual interrupt flag off, the caller's ESP
 * in `system_call_esp`; EDX and all other general registers are the caller's, and so are DS and ES.
 *
 * Back: DS and ES the program's, EDX its EIP, ECX its ESP, then jump to PV_RETURN_TO_RING_3. The virtual interrupt flag
 * is turned on. Neither way enters the monitor, unless an event waits at the return.
 */
#define PV_GATE_SELECTOR 0x33
#define PV_SYSTEM_CALL_GATE (PV_HYPERCALL_PAGE + 0x400)

/* --- Answers --- */

#define PV_OK 0
#define PV_ERROR_UNKNOWN (-1)  /* no such hypercall */
#define PV_ERROR_ADDRESS (-2)  /* memory that is not there, not aligned, or the monitor's */
#define PV_ERROR_INVALID (-3)  /* a value that is not allowed */
#define PV_ERROR_RING (-4)     /* not in virtual ring 0 */
#define PV_ERROR_FULL (-5)     /* more than the monitor keeps */
#define PV_ERROR_ABSENT (-6)   /* no such disk or address space */
#define PV_ERROR_DEVICE (-7)   /* the device refused: read-only, beyond its end, or broken */

/* --- Interrupts --- */

/*
 * Event n is interrupt request n of the platform. The monitor drives the interrupt controllers; nothing is acknowledged.
 * An event comes through trap-table vector PV_FIRST_EVENT_VECTOR + n when the virtual interrupt flag is on.
 */
#define PV_FIRST_EVENT_VECTOR 32
#define PV_EVENTS 16
#define PV_EVENT_TIMER 0
#define PV_EVENT_CONSOLE 4 /* input waits */

/* Offsets in struct pv_shared_info, for assembly. */
#define PV_INFO_INTERRUPTS 8
#define PV_INFO_ATTENTION 9
#define PV_INFO_FAULT_ADDRESS 12
#define PV_INFO_KERNEL_STACK 16
#define PV_INFO_SYSTEM_CALL_ESP 20
#define PV_INFO_SYSTEM_CALL_ENTRY 24
#define PV_INFO_RETURN 32
#define PV_INFO_TIME 40
#define PV_INFO_SYSTEM_CALLS 64

#ifndef __ASSEMBLER__

#    ifdef __cplusplus
#        include <cstddef>
#        include <cstdint>
#        define PV_STATIC_ASSERT(condition) static_assert(condition, #condition)
extern "C" {
#    else
#        include <stddef.h>
#        include <stdint.h>
#        define PV_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#    endif

/*
 * Time: nanoseconds = base_nanoseconds + (TSC - base_tsc) * multiplier / 2^32. While the monitor changes the fields
 * `version` is odd; a reader that finds it odd or changed reads again. PV_GET_TIME does all this.
 */
struct pv_time {
    uint32_t version;
    uint32_t multiplier;
    uint64_t base_tsc;
    uint64_t base_nanoseconds;
};
PV_STATIC_ASSERT(sizeof(struct pv_time) == 24);

/*
 * The shared-info page. W: the kernel writes it, M: the monitor does. The monitor takes everything that it reads here
 * for what a guest says, and keeps nothing here that it needs.
 */
struct pv_shared_info {
    uint32_t magic;             /*  0 M  PV_MAGIC */
    uint32_t version;           /*  4 M  PV_ABI_VERSION */
    uint8_t interrupts;         /*  8 WM the virtual interrupt flag: 0 off, 1 on */
    uint8_t attention;          /*  9 M  1: call PV_TAKE_EVENTS when the flag is turned on; else 0 */
    uint16_t reserved_1;        /* 10 */
    uint32_t fault_address;     /* 12 M  of the last page fault (CR2) */
    uint32_t kernel_stack;      /* 16 W  ESP of the next entry from ring 3 */
    uint32_t system_call_esp;   /* 20 M  the caller's, at an entry by the system-call gate */
    uint32_t system_call_entry; /* 24 W  where the system-call gate leads */
    uint16_t system_call_cs;    /* 28 M  PV_KERNEL_CS: with the entry a far pointer */
    uint16_t reserved_2;        /* 30 */
    uint32_t return_eip;        /* 32    for PV_RETURN_TO_RING_3's own use */
    uint16_t return_cs;         /* 36 M  PV_USER_CS */
    uint16_t reserved_3;        /* 38 */
    struct pv_time time;        /* 40 M */
    uint32_t system_calls;      /* 64 M  entries by the system-call gate so far */
    uint32_t reserved_4;        /* 68 */
};
PV_STATIC_ASSERT(sizeof(struct pv_shared_info) == 72);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, interrupts) == PV_INFO_INTERRUPTS);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, attention) == PV_INFO_ATTENTION);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, fault_address) == PV_INFO_FAULT_ADDRESS);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, kernel_stack) == PV_INFO_KERNEL_STACK);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, system_call_esp) == PV_INFO_SYSTEM_CALL_ESP);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, system_call_entry) == PV_INFO_SYSTEM_CALL_ENTRY);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, return_eip) == PV_INFO_RETURN);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, time) == PV_INFO_TIME);
PV_STATIC_ASSERT(offsetof(struct pv_shared_info, system_calls) == PV_INFO_SYSTEM_CALLS);

/*
 * PV_SET_TRAP_TABLE: replaces the whole table. Vectors that it does not name have no handler: an exception without one is
 * a double fault, an event without one is lost, and a double fault without one ends the machine. A handler is entered as
 * by an interrupt gate, on `kernel_stack` from ring 3: [error code,] EIP, CS, EFLAGS [, ESP, SS], where EFLAGS.IF is the
 * virtual interrupt flag. A frame that cannot be pushed is a double fault.
 */
struct pv_trap_entry {
    uint32_t entry; /* IN  EIP, in PV_KERNEL_CS */
    uint8_t vector; /* IN */
    uint8_t ring;   /* IN  0, or 3: INT n in ring 3 may use it */
    uint8_t flags;  /* IN  PV_TRAP_ */
    uint8_t zero;   /* IN */
};
PV_STATIC_ASSERT(sizeof(struct pv_trap_entry) == 8);
#    define PV_TRAP_KEEPS_INTERRUPTS 1 /* a trap gate: the virtual interrupt flag stays as it is */
#    define PV_MOST_TRAPS 256

struct pv_trap_table {
    uint32_t entries; /* IN  linear address of struct pv_trap_entry[count] */
    uint32_t count;   /* IN  0 to PV_MOST_TRAPS; every vector at most once */
};
PV_STATIC_ASSERT(sizeof(struct pv_trap_table) == 8);

/* PV_SET_BOUNDARY: where ring 3's segments end; the end of the address space at first. */
struct pv_boundary {
    uint32_t address; /* IN  a multiple of 4 MiB, not 0, up to PV_MONITOR_BASE */
};
PV_STATIC_ASSERT(sizeof(struct pv_boundary) == 4);

/*
 * Address spaces are named by the guest-physical address of their page directory. Page tables are the hardware's 32-bit
 * ones, in guest memory, without large pages (SDM 3A §4.3). A kernel fills the tables of an address space as it likes,
 * then hands it over with PV_CREATE_ADDRESS_SPACE; from then on it changes them by PV_UPDATE_PAGES only, until
 * PV_DESTROY_ADDRESS_SPACE gives them back. The monitor sees no other changes in time.
 *
 * All tables lie in RAM, and no directory maps anything from PV_MONITOR_BASE on: otherwise PV_ERROR_INVALID. The one in
 * use is not destroyed: PV_ERROR_INVALID. PV_SWITCH_ADDRESS_SPACE turns paging on if it is off.
 */
struct pv_address_space {
    uint32_t directory; /* IN */
};
PV_STATIC_ASSERT(sizeof(struct pv_address_space) == 4);
#    define PV_MOST_ADDRESS_SPACES 1024

/*
 * PV_UPDATE_PAGES: a batch of changes of entries of directories and tables in use, carried out in order. Each is in
 * force when the hypercall returns: nothing is to be invalidated. The monitor sets the accessed flag of what it maps and
 * the dirty flag of what it maps writable, at once, also in tables that are handed over. What an entry names need not be RAM: devices are mapped like memory.
 */
struct pv_page_update {
    uint32_t entry; /* IN  guest-physical address of the entry: of a directory or table of an address space */
    uint32_t value; /* IN  its new value; bit 7 is 0 */
};
PV_STATIC_ASSERT(sizeof(struct pv_page_update) == 8);
#    define PV_MOST_UPDATES 1024

struct pv_page_updates {
    uint32_t updates; /* IN  linear address of struct pv_page_update[count] */
    uint32_t count;   /* IN  0 to PV_MOST_UPDATES */
    uint32_t done;    /* OUT how many are in force; all of them unless there is an error */
};
PV_STATIC_ASSERT(sizeof(struct pv_page_updates) == 12);

/* PV_SET_TIMER: PV_EVENT_TIMER every `period` nanoseconds, in the steps of the platform's timer; 0: not any more. */
struct pv_timer {
    uint32_t period; /* IN  OUT: what it came to */
};
PV_STATIC_ASSERT(sizeof(struct pv_timer) == 4);
#    define PV_LEAST_PERIOD 2000u
#    define PV_MOST_PERIOD 54000000u

/* PV_CONSOLE_WRITE, PV_CONSOLE_READ. Reading answers what there is, perhaps nothing. */
struct pv_console {
    uint32_t text; /* IN  linear address */
    uint32_t size; /* IN  bytes to write, or room; up to PV_MOST_TEXT */
    uint32_t done; /* OUT bytes written or read */
};
PV_STATIC_ASSERT(sizeof(struct pv_console) == 12);
#    define PV_MOST_TEXT 65536u

/* PV_BLOCK: disks 0, 1, ..., as the command line gave them. All at once: no event follows. */
#    define PV_SECTOR 512u
#    define PV_MOST_SECTORS 256u
#    define PV_BLOCK_READ 0u
#    define PV_BLOCK_WRITE 1u
#    define PV_BLOCK_CAPACITY 2u /* only `disk` is looked at */
struct pv_block {
    uint32_t operation; /* IN */
    uint32_t disk;      /* IN */
    uint32_t sector;    /* IN  the first */
    uint32_t count;     /* IN  sectors, up to PV_MOST_SECTORS. OUT of PV_BLOCK_CAPACITY: sectors of the disk */
    uint32_t data;      /* IN  linear address */
    uint32_t read_only; /* OUT of PV_BLOCK_CAPACITY: 1 if it is */
};
PV_STATIC_ASSERT(sizeof(struct pv_block) == 24);

/* PV_PORT: a device register of the platform, for a driver that has not been ported otherwise. */
struct pv_port {
    uint16_t port;  /* IN */
    uint8_t size;   /* IN  bytes: 1, 2 or 4 */
    uint8_t write;  /* IN  0: read, 1: write */
    uint32_t value; /* IN  OUT when reading */
};
PV_STATIC_ASSERT(sizeof(struct pv_port) == 8);

/* PV_MARK: a mark on the monitor's time line. */
struct pv_mark {
    uint32_t value; /* IN */
};
PV_STATIC_ASSERT(sizeof(struct pv_mark) == 4);

/* PV_EXIT: the run is over. 0: it went well. */
struct pv_exit {
    uint32_t status; /* IN */
};
PV_STATIC_ASSERT(sizeof(struct pv_exit) == 4);

#    undef PV_STATIC_ASSERT
#    ifdef __cplusplus
}
#    endif
#endif
#endif
