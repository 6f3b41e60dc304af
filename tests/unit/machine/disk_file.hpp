// A disk image in a file of its own, removed in the end.
#pragma once

#include "core/machine/disk.hpp"
#include "tests/catch.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace ringside::test {

// Root writes to read-only files; nobody does not.
class AsNobody {
public:
    AsNobody() : m_user(geteuid())
    {
        if (m_user == 0)
            REQUIRE(seteuid(65534) == 0);
    }
    AsNobody(const AsNobody&) = delete;
    ~AsNobody()
    {
        if (m_user == 0 && seteuid(0) != 0)
            std::abort();
    }

private:
    uid_t m_user;
};

class DiskFile {
public:
    explicit DiskFile(uint32_t sectors) : DiskFile(uint64_t { sectors } * Disk::sector_size, 0) { }
    static DiskFile of_bytes(uint64_t bytes) { return DiskFile(bytes, 0); }
    DiskFile(const DiskFile&) = delete;
    ~DiskFile() { unlink(m_path.c_str()); }

    const std::string& path() const { return m_path; }
    void make_read_only() { REQUIRE(chmod(m_path.c_str(), 0444) == 0); }
    void resize(uint64_t bytes) { REQUIRE(truncate(m_path.c_str(), static_cast<off_t>(bytes)) == 0); }

    std::vector<Disk> open_alone() const
    {
        auto disk = Disk::open(m_path);
        REQUIRE(disk);
        std::vector<Disk> disks;
        disks.push_back(std::move(*disk));
        return disks;
    }

private:
    DiskFile(uint64_t bytes, int)
    {
        std::string path = "/tmp/ringside-disk-XXXXXX";
        int descriptor = mkstemp(path.data());
        REQUIRE(descriptor >= 0);
        REQUIRE(ftruncate(descriptor, static_cast<off_t>(bytes)) == 0);
        close(descriptor);
        m_path = path;
    }

    std::string m_path;
};

}
