# shellcheck shell=bash
# Configures and builds a preset of CMakePresets.json. Sourced by run and check, after tools/setup.sh.
#
# Silent when there is nothing to build. Messages go to standard error, the tools' words to build/log/.

build_root=$(readlink -f "${BASH_SOURCE[0]}")
build_root=${build_root%/tools/*}

# Runs a command while no other set-up or build of this working tree runs.
with_build_lock() {
    local lock
    mkdir -p "$build_root/build" 2>/dev/null || true
    [[ -w $build_root/build ]] || unavailable "cannot write to $build_root/build; does it belong to another user?"
    exec {lock}>>"$build_root/build/.lock"
    if ! flock --nonblock "$lock"; then
        say "waiting for another build of $build_root"
        flock "$lock"
    fi
    "$@"
    exec {lock}>&-
}

report_failure() {
    tail -n 30 "$2" >&2
    say "$1 failed; the whole log is $2"
    exit 70
}

# configure PRESET [with-tests]: runs CMake unless the preset's folder is configured as wanted.
# From then on ninja runs CMake itself when a CMakeLists.txt changes.
configure() {
    local preset=$1 tests=${2:-}
    local folder=$build_root/build/$preset log=$build_root/build/log/configure-$1.log
    local -a options=()

    if [[ -e $folder/CMakeCache.txt ]]; then
        if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$build_root" "$folder/CMakeCache.txt"; then
            options+=(--fresh) # the tree was moved or copied
        elif [[ $folder/build.ninja -nt $build_root/CMakePresets.json ]] &&
            { [[ -z $tests ]] || grep -qxF 'BUILD_TESTING:BOOL=ON' "$folder/CMakeCache.txt"; }; then
            return 0
        fi
    elif [[ -z $tests ]]; then
        options+=(-DBUILD_TESTING=OFF)
    fi
    [[ -z $tests ]] || options+=(-DBUILD_TESTING=ON)

    say "configuring $preset"
    mkdir -p "${log%/*}"
    cmake -S "$build_root" --preset "$preset" "${options[@]}" >"$log" 2>&1 </dev/null ||
        report_failure "configuring $preset" "$log"
}

# Copies ninja's output to the given log; speaks once there is work, and counts on a terminal.
show_progress() {
    local preset=$1 log=$2 line spoken=
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        [[ $line == \[* ]] || continue
        [[ -n $spoken ]] || say "building $preset (log: $log)"
        spoken=yes
        [[ ! -t 2 ]] || printf '\r\033[K%s' "${line%%]*}]" >&2
    done 3>"$log"
    [[ -z $spoken || ! -t 2 ]] || printf '\r\033[K' >&2
}

# build PRESET [with-tests [TARGET]]
build() {
    local log=$build_root/build/log/build-$1.log
    configure "$1" "${2:-}"
    mkdir -p "${log%/*}"
    NINJA_STATUS='[%f/%t] ' ninja -C "$build_root/build/$1" ${3:+"$3"} 2>&1 </dev/null | show_progress "$1" "$log" ||
        report_failure "building $1" "$log"
}
