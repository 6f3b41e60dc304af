/* Creating and ending processes. */
#include "process.h"

#include "address_space.h"
#include "elf.h"
#include "machine.h"
#include "memory.h"
#include "multiboot.h"
#include "paging.h"
#include "panic.h"
#include "schedule.h"
#include "selectors.h"
#include "text.h"

#define EFLAGS_RESERVED_1 0x002u
#define EFLAGS_INTERRUPTS 0x200u
#define KILLED 0xFFFFFFFFu

struct process processes[MAX_PROCESSES];

extern void trap_return(void);

static struct process* unused_process(void)
{
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].state == PROCESS_UNUSED) {
            processes[i].number = i + 1;
            return &processes[i];
        }
    }
    panic("%u processes is the most", MAX_PROCESSES);
}

/*
 * Builds the top page of the stack: argument text at the end; below it its address and the
 * system-call gate, which are the program's arguments; no return address, since the program ends
 * by a system call. Returns the first ESP; 0: no memory.
 */
static uint32_t build_user_stack(uint32_t directory, const struct module* module)
{
    const uint32_t top_page = USER_END - PAGE_SIZE;
    if (!map_zero_page(directory, top_page, PAGE_WRITABLE)) {
        return 0;
    }
    char* page = physical_memory(*user_page_entry(directory, top_page) & PAGE_FRAME);

    /* The kernel's line comes second: the later value of a key counts. */
    const size_t module_length = text_length(module->arguments);
    const size_t command_length = text_length(boot.command_line);
    const size_t size = module_length + 1 + command_length + 1;
    uint32_t offset = (uint32_t)(PAGE_SIZE - size) & ~15u;
    memcpy(page + offset, module->arguments, module_length);
    page[offset + module_length] = ' ';
    memcpy(page + offset + module_length + 1, boot.command_line, command_length + 1);

    const struct {
        uint32_t text;
        struct far_pointer gate;
    } program_arguments = { top_page + offset, machine_system_call_gate() };
    offset -= 16;
    memcpy(page + offset, &program_arguments, sizeof program_arguments);
    return top_page + offset;
}

/* On its kernel stack the process looks as if it had just been interrupted at its entry. */
static void build_kernel_stack(struct process* process, uint32_t entry, uint32_t user_esp)
{
    uint8_t* top = process->kernel_stack + KERNEL_STACK_SIZE;
    struct trap_frame* frame = (struct trap_frame*)(top - sizeof *frame);
    memset(frame, 0, sizeof *frame);
    frame->eip = entry;
    frame->cs = USER_CODE;
    frame->eflags = EFLAGS_RESERVED_1 | EFLAGS_INTERRUPTS;
    frame->esp = user_esp;
    frame->ss = USER_DATA;

    /* EDI, ESI, EBX, EBP and the return address, as switch_context() pops them. */
    uint32_t* context = (uint32_t*)frame - 5;
    memset(context, 0, 4 * sizeof *context);
    context[4] = (uint32_t)trap_return;
    process->kernel_esp = (uint32_t)context;
}

struct process* create_process(const char* name)
{
    const struct module* module = find_module(name);
    if (module == NULL) {
        print("bantam: there is no workload and no module '%s'\n", name);
        stop_with_failure();
    }
    struct process* process = unused_process();
    process->name = module->name;
    process->directory = create_address_space();
    const uint32_t entry = process->directory != 0 ? load_program(module, process->directory) : 0;
    const uint32_t user_esp = entry != 0 ? build_user_stack(process->directory, module) : 0;
    if (user_esp == 0) {
        print("bantam: cannot start process %s\n", name);
        stop_with_failure();
    }
    build_kernel_stack(process, entry, user_esp);
    initialize_fpu_state(&process->fpu);
    process->state = PROCESS_READY;
    machine_marker(MARKER_PROCESS_START);
    return process;
}

_Noreturn void end_process(uint32_t status)
{
    machine_marker(MARKER_PROCESS_END);
    current_process->state = PROCESS_ENDED;
    current_process->exit_status = status;
    schedule();
    panic("an ended process was scheduled");
}

_Noreturn void kill_process(const struct trap_frame* frame)
{
    print("bantam: process %u (%s) is ended: ", current_process->number, current_process->name);
    describe_trap(frame);
    end_process(KILLED);
}
