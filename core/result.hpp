// Result<T>: a value or an Error, for the set-up boundary (DESIGN section 9, "the environment fails").
// The names are those of C++23's std::expected, which GCC 12 does not have.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace ringside {

// The documented exit codes of the program. Append-only.
enum class ExitCode : int {
    Success = 0,        // the guest ended well
    GuestFailed = 1,    // the guest reported failure or died
    Usage = 2,          // the command line is wrong
    BadImage = 65,      // an image or a file is bad
    Unavailable = 69,   // a strategy or a feature is not available here
    Internal = 70,      // our own bug
    Timeout = 124,      // the run took longer than --timeout
};

// `message` is one line that says what failed; `hint`, also one line, says what to do about it (may be empty).
struct Error {
    ExitCode code = ExitCode::Internal;
    std::string message;
    std::string hint = {};
};

struct Unexpected {
    Error error;
};

inline Unexpected fail(ExitCode code, std::string message, std::string hint = {})
{
    return { { code, std::move(message), std::move(hint) } };
}

template<typename T>
class [[nodiscard]] Result {
public:
    Result(T value)
        : m_state(std::in_place_index<0>, std::move(value))
    {
    }
    Result(Unexpected unexpected)
        : m_state(std::in_place_index<1>, std::move(unexpected.error))
    {
    }

    bool has_value() const { return m_state.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T& value() { return std::get<0>(m_state); }
    const T& value() const { return std::get<0>(m_state); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return std::get<1>(m_state); }
    Unexpected propagate() const { return { error() }; }

private:
    std::variant<T, Error> m_state;
};

template<>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Unexpected unexpected)
        : m_error(std::move(unexpected.error))
        , m_failed(true)
    {
    }

    bool has_value() const { return !m_failed; }
    explicit operator bool() const { return has_value(); }
    const Error& error() const { return m_error; }
    Unexpected propagate() const { return { m_error }; }

private:
    Error m_error;
    bool m_failed = false;
};

}
