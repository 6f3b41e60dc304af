// Files that a user names for the guest: kernels and modules. Only regular files are read, only as much as the caller
// allows, and nothing about them is trusted: not a FIFO that would hang, not a sparse file of a terabyte.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

class ImageFile {
public:
    static Result<ImageFile> open(const std::string& path);

    ImageFile(ImageFile&&) noexcept;
    ImageFile& operator=(ImageFile&&) = delete;
    ~ImageFile();

    uint64_t size() const { return m_size; }
    // All size() bytes; the caller has looked at the size first.
    Result<std::vector<std::byte>> read() const;

private:
    ImageFile(std::string path, int descriptor) : m_path(std::move(path)), m_descriptor(descriptor) { }

    std::string m_path;
    int m_descriptor = -1;
    uint64_t m_size = 0;
};

} // namespace ringside
