#!/usr/bin/env bash
# Proves the package list on a clean machine: bootstraps a minimal Debian into a temporary folder, copies
# this working tree into it, and sets up, runs and checks Ringside there, as root and as a user with sudo.
# Verifies as well that set-up leaves apt's sources, pins and package lists alone.
#
#     tests/fresh/debootstrap.sh [SUITE]       bookworm (the default) or trixie
#
#     AS="root user"      whom to try it as
#     SETUP_ONLY=1        stop after the packages
#
# Exit codes: 0 passed; 1 failed; 77 skipped, because this needs root and debootstrap.

set -euo pipefail

root=$(readlink -f "${BASH_SOURCE[0]}")
root=${root%/tests/*}
suite=${1:-bookworm}
# shellcheck source=tools/setup.sh
source "$root/tools/setup.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

((EUID == 0)) || skip "needs root, for chroot"
command -v debootstrap unshare >/dev/null || skip "needs the packages debootstrap and util-linux"
unshare --mount --pid --fork true 2>/dev/null || skip "this system allows no new mount namespace"
mirror=$(debian_mirrors | grep '^http' | head -n 1 || true)
mirror=${mirror:-http://deb.debian.org/debian}

folder=$(mktemp -d /var/tmp/ringside-fresh.XXXXXX)
trap 'rm -rf --one-file-system "$folder"' EXIT
base=$folder/base
log=$folder/log
failures=0

# Runs a command in the tree $1, with mounts and processes that end with it. Network and time are the host's.
inside() {
    local tree=$1
    shift
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child bash -ec '
        tree=$1; shift
        mount --rbind /dev "$tree/dev"
        mount -t proc proc "$tree/proc"
        mount -t sysfs -o ro sysfs "$tree/sys"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$tree" "$@"
    ' - "$tree" "$@"
}

# verify DESCRIPTION COMMAND...: runs it, reports and counts the verdict, shows the log's end on failure.
verify() {
    local description=$1 started=$SECONDS status
    shift
    set +e # a command in a condition would run without set -e
    (set -e && "$@") >"$log" 2>&1 </dev/null
    status=$?
    set -e
    if ((status == 0)); then
        printf 'passed  %4d s  %s\n' $((SECONDS - started)) "$description"
    else
        printf 'FAILED  %4d s  %s\n' $((SECONDS - started)) "$description"
        tail -n 40 "$log" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

bootstrap() {
    unshare --mount debootstrap --variant=minbase "$suite" "$base" "$mirror"
    cp --remove-destination /etc/resolv.conf "$base/etc/resolv.conf"
    # The host's proxies and leniency about dates hold inside as well.
    apt-config dump | grep -iE '^Acquire::(http|https|ftp|Check-).+ ".+";' >"$base/etc/apt/apt.conf.d/00host" || true
    mkdir "$base/ringside"
    tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$base/ringside" -xf -
}

# The user's machine has sudo, a deb822 source, and pins that would forbid the Debian 13 packages.
prepare_user() {
    local tree=$1
    inside "$tree" apt-get update
    inside "$tree" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends sudo
    inside "$tree" useradd --create-home learner
    echo 'learner ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/learner"
    chown -R --reference="$tree/home/learner" "$tree/ringside"
    rm "$tree/etc/apt/sources.list"
    printf '%s\n' 'Types: deb' "URIs: $mirror" "Suites: $suite" 'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' >"$tree/etc/apt/sources.list.d/debian.sources"
    if [[ $suite == bookworm ]]; then
        printf '%s\n' 'Package: *' 'Pin: release n=trixie' 'Pin-Priority: -10' '' \
            'Package: libunicorn*' 'Pin: version 2.1*' 'Pin-Priority: -10' >"$tree/etc/apt/preferences.d/no-debian13"
        echo 'APT::Default-Release "bookworm";' >"$tree/etc/apt/apt.conf.d/10default"
    fi
}

# A checksum over all that belongs to the user: sources, pins, keys, settings, and the package lists.
fingerprint_apt() {
    (cd "$1" && find etc/apt var/lib/apt/lists usr/share/keyrings -type f ! -name lock -print0 | sort -z | xargs -0 sha256sum)
}

# Apt itself has nothing to repair, to remove or to change about Unicorn.
apt_is_content() {
    local tree=$1 plan
    inside "$tree" apt-get check
    plan=$(inside "$tree" apt-get -s -f install && inside "$tree" apt-get -s dist-upgrade)
    printf '%s\n' "$plan"
    ! grep -E '^Remv|^(Inst|Conf) libunicorn' <<<"$plan"
}

nothing_left_behind() {
    ! find "$1/tmp" "$1/var/tmp" -mindepth 1 -name 'ringside*' | grep .
}

second_start_is_fast() {
    local started=${EPOCHREALTIME/[.,]/} elapsed
    "$@"
    elapsed=$((${EPOCHREALTIME/[.,]/} - started))
    echo "took $elapsed microseconds"
    ((elapsed < 2000000))
}

# try_as PERSON: root or user.
try_as() {
    local person=$1 tree=$folder/$1
    local -a as=(inside "$tree")
    cp -a --reflink=auto "$base" "$tree"
    if [[ $person == user ]]; then
        verify "as user: prepare the machine" prepare_user "$tree"
        as+=(runuser -u learner --)
    fi
    inside "$tree" apt-get update >/dev/null 2>&1 || true
    fingerprint_apt "$tree" >"$folder/before"

    verify "as $person: set-up of run" "${as[@]}" /ringside/tools/setup.sh run
    verify "as $person: set-up of run and check" "${as[@]}" /ringside/tools/setup.sh run check
    verify "as $person: a set-up with nothing to do takes under 2 s" \
        second_start_is_fast "${as[@]}" /ringside/tools/setup.sh run check
    fingerprint_apt "$tree" >"$folder/after"
    verify "as $person: apt's sources, pins and lists are unchanged" diff "$folder/before" "$folder/after"
    verify "as $person: apt has nothing to repair" apt_is_content "$tree"
    verify "as $person: no temporary files are left" nothing_left_behind "$tree"

    if [[ -z ${SETUP_ONLY:-} ]]; then
        verify "as $person: ./run" "${as[@]}" /ringside/run
        verify "as $person: a second ./run starts in under 2 s" second_start_is_fast "${as[@]}" /ringside/run --version
        verify "as $person: ./check" "${as[@]}" /ringside/check
    fi
    rm -rf --one-file-system "$tree"
}

verify "bootstrap $suite from $mirror" bootstrap
((failures == 0)) || exit 1
for person in ${AS:-root user}; do try_as "$person"; done
((failures == 0))
