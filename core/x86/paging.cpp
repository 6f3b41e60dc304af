#include "core/x86/paging.hpp"

#include "core/x86/cpuid.hpp"

namespace ringside {

namespace {

constexpr uint64_t frame_mask_32 = 0xFFFFF000;
constexpr uint64_t address_mask_pae = (uint64_t { 1 } << physical_address_bits) - 1;
constexpr uint64_t frame_mask_pae = address_mask_pae & ~uint64_t { page_size - 1 };
// Bits MAXPHYADDR..62 of a PAE entry; bit 63 is XD, reserved too without EFER.NXE (SDM 3A §4.4.2).
constexpr uint64_t reserved_pae = ~address_mask_pae & ~page_entry::no_execute;
constexpr uint64_t reserved_pdpte = ~address_mask_pae | 0x1E6; // SDM 3A table 4-8
constexpr uint64_t reserved_2_mib = 0x1FE000;                  // SDM 3A table 4-9
constexpr uint64_t reserved_4_mib = 0x3FE000;                  // SDM 3A table 4-4 without PSE-36

constexpr uint64_t efer_nxe = 1 << 11; // SDM 4 table 2-2, IA32_EFER

// One walk: the question, and what the entries seen so far say.
struct Walker {
    GuestMemory& memory;
    const CpuState& state;
    uint32_t address;
    Access access;
    Privilege privilege;

    struct Visited {
        Gpa address {};
        uint64_t entry = 0;
    };
    Visited visited[2] {}; // the entries that have an accessed flag; the last one maps the page
    unsigned depth = 0;
    bool writable = true;
    bool user = true;
    bool executable = true;

    bool execute_disable() const { return (state.cr4 & cr4::pae) && (state.msrs.efer & efer_nxe); }

    // The bits that say what was tried; SDM 3A §4.7.
    uint32_t attempt() const
    {
        return (access == Access::Write ? page_fault_error::write : 0)
            | (privilege == Privilege::User ? page_fault_error::user : 0)
            | (access == Access::Execute && execute_disable() ? page_fault_error::fetch : 0);
    }
    PageWalk fault(uint32_t reason) const
    {
        PageWalk walk;
        walk.error_code = attempt() | reason;
        return walk;
    }
    PageWalk not_present() const { return fault(0); }
    PageWalk reserved_bit() const { return fault(page_fault_error::present | page_fault_error::reserved); }

    template<typename Entry>
    uint64_t read(uint64_t at) const
    {
        return memory.read<Entry>(Gpa { at }).value_or(static_cast<Entry>(~Entry { 0 }));
    }

    // Access rights are those that every level grants (SDM 3A §4.6).
    void visit(uint64_t at, uint64_t entry)
    {
        visited[depth++] = { Gpa { at }, entry };
        writable = writable && (entry & page_entry::writable);
        user = user && (entry & page_entry::user);
        executable = executable && !(entry & page_entry::no_execute);
    }

    // SDM 3A §4.6.1.
    bool allowed() const
    {
        if (privilege == Privilege::User && !user)
            return false;
        if (access == Access::Write)
            return writable || (privilege == Privilege::Supervisor && !(state.cr0 & cr0::wp));
        return access != Access::Execute || executable;
    }

    void set_flags(Visited& slot, uint64_t flags) const
    {
        if ((slot.entry & flags) == flags)
            return;
        slot.entry |= flags;
        memory.write(slot.address, static_cast<uint8_t>(slot.entry)); // both flags are in the lowest byte
    }

    PageWalk finish(uint64_t frame, uint32_t page_bytes, AccessedDirty accessed_dirty)
    {
        if (!allowed())
            return fault(page_fault_error::present);
        Visited& last = visited[depth - 1];
        if (accessed_dirty == AccessedDirty::Update) {
            set_flags(visited[0], page_entry::accessed);
            set_flags(last, page_entry::accessed | (access == Access::Write ? page_entry::dirty : 0));
        }
        PageWalk walk;
        walk.present = true;
        walk.writable = writable;
        walk.user = user;
        walk.executable = executable;
        walk.global = (last.entry & page_entry::global) && (state.cr4 & cr4::pge);
        walk.dirty = last.entry & page_entry::dirty;
        walk.physical = Gpa { frame | (address & (page_bytes - 1)) };
        walk.page_bytes = page_bytes;
        return walk;
    }
};

// SDM 3A §4.3, figures 4-2 and 4-3.
PageWalk walk_32_bit(Walker& walker, AccessedDirty accessed_dirty)
{
    uint64_t directory_slot = (walker.state.cr3 & frame_mask_32) | (walker.address >> 22) * 4;
    uint64_t directory_entry = walker.read<uint32_t>(directory_slot);
    if (!(directory_entry & page_entry::present))
        return walker.not_present();
    walker.visit(directory_slot, directory_entry);
    if ((directory_entry & page_entry::large) && (walker.state.cr4 & cr4::pse)) {
        if (directory_entry & reserved_4_mib)
            return walker.reserved_bit();
        return walker.finish(directory_entry & 0xFFC00000, 4 << 20, accessed_dirty);
    }

    uint64_t table_slot = (directory_entry & frame_mask_32) | (walker.address >> 12 & 0x3FF) * 4;
    uint64_t entry = walker.read<uint32_t>(table_slot);
    if (!(entry & page_entry::present))
        return walker.not_present();
    walker.visit(table_slot, entry);
    return walker.finish(entry & frame_mask_32, page_size, accessed_dirty);
}

// SDM 3A §4.4, figures 4-5 and 4-6.
PageWalk walk_pae(Walker& walker, AccessedDirty accessed_dirty)
{
    uint64_t reserved = reserved_pae | (walker.execute_disable() ? 0 : page_entry::no_execute);

    uint64_t pointer = walker.read<uint64_t>((walker.state.cr3 & ~0x1Full) | (walker.address >> 30) * 8);
    if (!(pointer & page_entry::present))
        return walker.not_present();
    if (pointer & reserved_pdpte)
        return walker.reserved_bit();

    uint64_t directory_slot = (pointer & frame_mask_pae) | (walker.address >> 21 & 0x1FF) * 8;
    uint64_t directory_entry = walker.read<uint64_t>(directory_slot);
    if (!(directory_entry & page_entry::present))
        return walker.not_present();
    bool large = directory_entry & page_entry::large;
    if (directory_entry & (reserved | (large ? reserved_2_mib : 0)))
        return walker.reserved_bit();
    walker.visit(directory_slot, directory_entry);
    if (large)
        return walker.finish(directory_entry & address_mask_pae & ~0x1FFFFFull, 2 << 20, accessed_dirty);

    uint64_t table_slot = (directory_entry & frame_mask_pae) | (walker.address >> 12 & 0x1FF) * 8;
    uint64_t entry = walker.read<uint64_t>(table_slot);
    if (!(entry & page_entry::present))
        return walker.not_present();
    if (entry & reserved)
        return walker.reserved_bit();
    walker.visit(table_slot, entry);
    return walker.finish(entry & frame_mask_pae, page_size, accessed_dirty);
}

PageWalk unpaged(Gla address)
{
    PageWalk walk;
    walk.present = walk.writable = walk.user = walk.dirty = true;
    walk.physical = Gpa { address.value };
    walk.page_bytes = page_size;
    return walk;
}

}

PageWalk walk_pages(GuestMemory& memory, const CpuState& state, Gla address, Access access, Privilege privilege,
    AccessedDirty accessed_dirty)
{
    if (!(state.cr0 & cr0::pg))
        return unpaged(address);
    Walker walker { memory, state, address.value, access, privilege };
    return state.cr4 & cr4::pae ? walk_pae(walker, accessed_dirty) : walk_32_bit(walker, accessed_dirty);
}

}
