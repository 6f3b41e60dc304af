#include "cli/output.hpp"

#include "cli/messages.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/session/descriptor.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

// Errno, or 0.
int write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        ssize_t written = write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

Unexpected cannot_write(const std::string& path, int error)
{
    return fail(ExitCode::BadImage, fmt::format("cannot write {}: {}", printable(path), std::strerror(error)),
        "name a file in a directory that can be written to");
}

}

void occupy_standard_descriptors()
{
    // Each is opened for the direction that it is not for. open() takes the lowest number that is free.
    for (int number : { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO }) {
        if (fcntl(number, F_GETFD) < 0)
            (void)open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

Unexpected output_failure(int error)
{
    if (error == EPIPE)
        return fail(ExitCode::BadImage, "standard output was closed by its reader");
    return fail(ExitCode::BadImage, fmt::format("cannot write standard output: {}", std::strerror(error)));
}

Result<void> write_standard_output(std::string_view text)
{
    note_output(text);
    if (int error = write_all(STDOUT_FILENO, text))
        return output_failure(error);
    return {};
}

int answer(std::string_view text)
{
    auto written = write_standard_output(text);
    return written ? static_cast<int>(ExitCode::Success) : report(written.error());
}

Result<OutputFile> OutputFile::prepare(const std::string& path)
{
    OutputFile file;
    if (path.empty())
        return fail(ExitCode::Usage, "an output file needs a name");
    file.m_path = path;
    // Without O_NONBLOCK a FIFO would be waited for.
    Descriptor created { open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK, 0666) };
    file.m_is_new = static_cast<bool>(created);
    if (created)
        return file;
    struct stat status { };
    if (errno != EEXIST)
        return cannot_write(path, errno);
    if (stat(path.c_str(), &status) != 0)
        return cannot_write(path, errno);
    if (S_ISDIR(status.st_mode))
        return cannot_write(path, EISDIR);
    if (S_ISREG(status.st_mode)) {
        Descriptor existing { open(path.c_str(), O_WRONLY | O_CLOEXEC) };
        if (!existing)
            return cannot_write(path, errno);
    } else if (access(path.c_str(), W_OK) != 0) {
        return cannot_write(path, errno);
    }
    return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
{
    *this = std::move(other);
}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_is_new, other.m_is_new);
    return *this;
}

OutputFile::~OutputFile()
{
    if (m_is_new)
        unlink(m_path.c_str());
}

Result<void> OutputFile::write(std::string_view content)
{
    Descriptor file { open(m_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) };
    int error = file ? write_all(file.get(), content) : errno;
    if (error != 0)
        return cannot_write(m_path, error);
    keep();
    return {};
}

}
