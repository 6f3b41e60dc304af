#!/usr/bin/env bash
# Installs the Debian packages that Ringside needs and that are missing.
#
#     tools/setup.sh GROUP...       groups of tools/packages.list, for example: run check
#
# The script may also be sourced for its functions. When nothing is missing it costs one dpkg query.
# Otherwise it becomes root once, through sudo. Messages go to standard error, apt's own words to
# build/log/setup.log. RINGSIDE_SKIP_SETUP=1 trusts that everything is there.
#
# Exit codes: 0 everything is installed; 2 usage; 69 it is not, and the message says why.

set -euo pipefail

setup_script=$(readlink -f "${BASH_SOURCE[0]}")
setup_root=${setup_script%/tools/*}
package_list=$setup_root/tools/packages.list
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'ringside: %s\n' "$*" >&2; }

unavailable() {
    say "$@"
    exit 69
}

# Prints the packages of the given groups, one a line, as NAME or NAME>=VERSION.
packages_of() {
    local group package _
    while read -r group package _; do
        [[ " $* " == *" $group "* ]] && printf '%s\n' "$package"
    done <"$package_list"
    return 0
}

is_debian_like() { command -v apt-get dpkg-query >/dev/null; }

# Prints those of the given packages that are not installed, or are older than asked for.
missing_of() {
    local -A installed=()
    local name status version wish
    while read -r name status version; do
        [[ $status == ?i* ]] && installed[$name]=$version
    done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev} ${Version}\n' "${@%%>=*}" 2>/dev/null)
    for wish in "$@"; do
        version=${installed[${wish%%>=*}]:-}
        if [[ -z $version ]] || ! is_at_least "$version" "$wish"; then printf '%s\n' "$wish"; fi
    done
}

# is_at_least VERSION WISH: does VERSION satisfy WISH, which is NAME or NAME>=VERSION?
is_at_least() {
    [[ $2 != *'>='* ]] || dpkg --compare-versions "$1" ge "${2#*>=}"
}

explain_other_distribution() {
    local group package reason
    say "this system has no apt-get, so Ringside cannot install what it needs. These are the Debian names:"
    while read -r group package reason; do
        [[ " $* " != *" $group "* ]] || printf '    %-24s%s\n' "$package" "$reason" >&2
    done <"$package_list"
    unavailable "install them your system's way, then run again with RINGSIDE_SKIP_SETUP=1"
}

# ---- The part that runs as root. Standard output is the log. ----

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" 2>&1 </dev/null
}

candidate_version() {
    LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -vxF '(none)' || true
}

# Prints the addresses from which this system takes Debian itself. Apt reads its own sources, in
# whatever format; the origin and label in a suite's signed Release file tell Debian from its security
# archive and from everybody else's.
debian_mirrors() {
    # shellcheck disable=SC2016 # the names in $() are apt's
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's/^Debian|Debian|//p' | grep -v '^cdrom:' | sort -u
}

# A private apt configuration in directory $1 that knows one source: Debian 13 at mirror $2. The system's
# own configuration is read before it, for its proxies and credentials.
write_private_apt() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/empty"
    : >"$1/status"
    cat >"$1/debian13.sources" <<END
Types: deb
URIs: $2
Suites: trixie
Components: main
Architectures: $(dpkg --print-architecture)
Targets: Packages
Languages: none
PDiffs: no
Signed-By: $debian_keyring
END
    cat >"$1/apt.conf" <<END
Dir::Etc::SourceList "$1/debian13.sources";
Dir::Etc::SourceParts "$1/empty";
Dir::Etc::Preferences "$1/empty/none";
Dir::Etc::PreferencesParts "$1/empty";
Dir::State "$1";
Dir::State::Lists "$1/lists";
Dir::State::Status "$1/status";
Dir::Cache "$1/cache";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
APT::Get::AllowUnauthenticated "false";
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
}

# download_from_debian13 DIRECTORY PACKAGE...: leaves the verified .deb files in DIRECTORY.
download_from_debian13() {
    local directory=$1 mirror tried=
    shift
    for mirror in $(debian_mirrors | grep . || echo http://deb.debian.org/debian); do
        tried+=" $mirror"
        echo "== Debian 13 from $mirror"
        write_private_apt "$directory" "$mirror"
        if apt -c "$directory/apt.conf" -o APT::Update::Error-Mode=any update &&
            (cd "$directory" && apt -c "$directory/apt.conf" download "$@"); then
            return 0
        fi
    done
    say "could not get $* of Debian 13 from$tried; the log says why"
    return 1
}

# Prints what apt would remove to install the given packages, other than the library that is replaced.
would_remove() {
    apt -s install --no-install-recommends "$@" | awk '/^Remv/ && $2 !~ /^libunicorn/ { print $2 }'
}

# Runs as root: install_missing WISH...
install_missing() {
    local wish name removed problem
    local -a ordinary=() newer=() files=()

    echo "== $(date): $*"
    apt update || say "apt-get update reported errors; trying with the package lists at hand"

    for wish in "$@"; do
        name=${wish%%>=*}
        if [[ $wish != *'>='* ]] || is_at_least "$(candidate_version "$name")" "$wish"; then
            ordinary+=("$name")
        else
            newer+=("$wish")
        fi
    done

    if ((${#newer[@]})); then
        [[ -r $debian_keyring ]] ||
            unavailable "this system offers no ${newer[*]}; install the package debian-archive-keyring, and Ringside" \
                "takes it from Debian 13 (it checks the signatures with $debian_keyring)"
        private_apt=$(mktemp -d "${TMPDIR:-/tmp}/ringside-apt.XXXXXX")
        trap 'rm -rf "$private_apt"' EXIT
        chmod 755 "$private_apt"
        mapfile -t files < <(packages_of debian13)
        download_from_debian13 "$private_apt" "${files[@]}" || exit 69
        files=("$private_apt"/*.deb)
    fi

    removed=$(would_remove "${ordinary[@]}" "${files[@]}" | xargs || true)
    [[ -z $removed ]] || unavailable "installing $* would remove $removed from this system; please resolve that by hand"
    apt install --no-install-recommends "${ordinary[@]}" "${files[@]}" || {
        problem=$(apt -s install --no-install-recommends "${ordinary[@]}" "${files[@]}" | sed -n 's/^E: //p' | head -n 1)
        unavailable "apt could not install $*${problem:+ ($problem)}"
    }
}

# ---- The part that runs as the user. ----

# Runs this script as root, and says so first. Reads set_up's groups.
as_root() {
    local log=$1 variable
    local -a proxies=()
    shift
    if ((EUID == 0)); then
        say "installing ${*%%>=*}; this takes a minute or two (log: $log)"
        bash "$setup_script" --install "$@" >>"$log"
        return
    fi
    command -v sudo >/dev/null ||
        unavailable "${*%%>=*} must be installed and there is no sudo here; please run as root, once:" \
            "$setup_script $groups"
    for variable in http_proxy https_proxy no_proxy; do
        [[ -z ${!variable:-} ]] || proxies+=("$variable=${!variable}")
    done
    say "installing ${*%%>=*} with apt, which needs sudo; this takes a minute or two (log: $log)"
    # shellcheck disable=SC2024 # the log is to belong to the user
    sudo env "${proxies[@]}" bash "$setup_script" --install "$@" >>"$log"
}

# set_up GROUP...: returns when all packages of the groups are installed.
set_up() {
    local log=$setup_root/build/log/setup.log groups=$*
    local -a wishes missing
    local status=0
    [[ -z ${RINGSIDE_SKIP_SETUP:-} ]] || return 0
    is_debian_like || explain_other_distribution "$@"

    mapfile -t wishes < <(packages_of "$@")
    ((${#wishes[@]})) || unavailable "tools/packages.list has no group $groups"
    mapfile -t missing < <(missing_of "${wishes[@]}")
    ((${#missing[@]})) || return 0

    mkdir -p "${log%/*}"
    touch "$log"
    # Root may be setting up for a user, who is to keep access.
    ((EUID != 0)) || chown --reference="$setup_root" "$setup_root/build" "${log%/*}" "$log"
    as_root "$log" "${missing[@]}" </dev/null || status=$?
    case $status in
    0) ;;
    69) exit 69 ;;
    *) unavailable "set-up failed; details in $log" ;;
    esac

    mapfile -t missing < <(missing_of "${wishes[@]}")
    ((${#missing[@]} == 0)) || unavailable "still missing after the installation: ${missing[*]}; details in $log"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    case ${1:-} in
    --install) shift && install_missing "$@" ;;
    '' | -*) say "usage: tools/setup.sh GROUP..." && exit 2 ;;
    *) set_up "$@" ;;
    esac
fi
