#!/usr/bin/env bash
# Runs the tests of the strategy `hardware` on a CPU with AMD-V, whatever the host's is: boots Debian's own kernel with
# kvm-amd in QEMU, whose TCG executes VMRUN (DESIGN section 5.6), with Ringside in its initial RAM disk.
#
#     tests/amdv/machine.sh BUILD_FOLDER [SUITE...]     all of tests/amdv/suites, or some of them
#
# Two machines run side by side, one for each of the host's cores. One virtual CPU each: with several, QEMU's threads lose
# interrupts around VMRUN (seen with 7.2: after some minutes both CPUs do nothing but take timer interrupts).
#
# Results: BUILD_FOLDER/amdv/results/SUITE.log and SUITE.status, which result.sh turns into a test's outcome; the console of
# machine N: BUILD_FOLDER/amdv/console-N.log. The kernel and busybox are Debian packages that are downloaded and unpacked
# in BUILD_FOLDER/amdv, never installed.
#
# Exit codes: 0 every suite has run, whatever its outcome; 1 a machine did not get that far; 77 skipped, with the reason.

set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=${here%/tests/amdv}
# shellcheck source=tools/setup.sh
source "$root/tools/setup.sh"
build=$(readlink -f "${1:?usage: tests/amdv/machine.sh BUILD_FOLDER [SUITE...]}")
shift
wanted=" $* "
work=$build/amdv
longest=170 # seconds

skip() {
    mkdir -p "$work"
    echo "skipped: $*" | tee "$work/skipped"
    exit 77
}

# ---- Packages ----

# The package that the package $1 stands for: linux-image-amd64 depends on the one with the kernel.
kernel_package() {
    LC_ALL=C apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1
}

# Leaves the package's file tree in $work/PACKAGE.
unpack() {
    local package=$1 files
    [[ ! -e $work/$package/done ]] || return 0
    rm -rf "${work:?}/$package"
    mkdir -p "$work/$package/deb"
    (cd "$work/$package/deb" && apt-get -q download "$package") >>"$work/packages.log" 2>&1 || return 1
    files=("$work/$package"/deb/*.deb)
    dpkg-deb -x "${files[0]}" "$work/$package" || return 1
    rm -r "$work/$package/deb"
    touch "$work/$package/done"
}

get_packages() {
    command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64 (package qemu-system-x86)"
    command -v apt-get dpkg-deb apt-cache >/dev/null || skip "this system has no apt-get to get Debian's kernel with"
    local package image shell
    { read -r image && read -r shell; } < <(packages_of amdv)
    kernel=$(kernel_package "$image")
    [[ -n $kernel ]] || skip "apt does not know $image"
    for package in "$kernel" "$shell"; do
        unpack "$package" || skip "the package $package cannot be had; $work/packages.log says why"
    done
    busybox=$(find "$work/$shell" -name busybox -type f -perm -u+x | head -n 1)
    vmlinuz=$(find "$work/$kernel" -name 'vmlinuz-*' | head -n 1)
}

# ---- The initial RAM disk ----

# Copies module $1 and, before it, those that it needs, and lists them in the order in which they are to be loaded.
add_module() {
    local name=$1 file needed
    ! grep -qxF "$name.ko" "$tree/lib/modules.list" 2>/dev/null || return 0
    file=$(find "$work/$kernel" \( -name "$name.ko" -o -name "$name.ko.xz" \) | head -n 1)
    [[ -n $file ]] || return 0 # built in
    cp "$file" "$tree/lib/"
    [[ $file != *.xz ]] || unxz "$tree/lib/$name.ko.xz"
    for needed in $(tr '\0' '\n' <"$tree/lib/$name.ko" | sed -n 's/^depends=//p' | tr ',_' ' -'); do
        add_module "$needed"
    done
    echo "$name.ko" >>"$tree/lib/modules.list"
}

add_program() {
    mkdir -p "$tree$build"
    strip -o "$tree$build/$1" "$build/$1"
}

add_libraries() {
    local library
    for library in $(cd "$tree$build" && ldd ringside *-tests | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
        mkdir -p "$tree${library%/*}"
        cp -Lu "$library" "$tree$library"
    done
}

# Sources and build folder lie where they lie here: the tests know their places.
make_tree() {
    local program
    rm -rf "$tree"
    mkdir -p "$tree"/{bin,dev,proc,sys,tmp,lib,etc,root} "$tree$root"/{tests/conformance,tests/amdv,scenarios}
    cp "$busybox" "$tree/bin/busybox"
    add_module ccp
    add_module kvm-amd
    for program in ringside conformance-tests differential-tests unit-tests; do add_program "$program"; done
    cp -r "$build/guests" "$build/kernels" "$tree$build/"
    cp "$root"/scenarios/*.{toml,expected} "$tree$root/scenarios/"
    cp -r "$root/tests/conformance/failures" "$tree$root/tests/conformance/"
    cp -r "$root/tests/amdv/failures" "$tree$root/tests/amdv/"
    add_libraries
    cp "$here/init" "$here/probe.sh" "$here/tracing.sh" "$tree/"
    printf 'root:x:0:0::/root:/bin/sh\nstudent:x:1000:1000::/:/bin/sh\nmember:x:1001:105::/:/bin/sh\n' >"$tree/etc/passwd"
    printf 'root:x:0:\nstudent:x:1000:\nkvm:x:105:\n' >"$tree/etc/group"
    printf 'root=%q\nbuild=%q\n' "$root" "$build" >"$tree/places"
}

# The suites of machine $1: NAME and COMMAND, one a line.
suites_of() {
    local machine name command
    while read -r machine name command; do
        [[ $machine == "$1" ]] || continue
        [[ -z ${wanted// /} || $wanted == *" $name "* ]] || continue
        printf '%s %s\n' "$name" "$command"
    done < <(grep -v '^#' "$here/suites")
}

make_disk() {
    suites_of "$1" >"$tree/suites"
    [[ -s $tree/suites ]] || return 1
    (cd "$tree" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$work/disk-$1.cpio"
}

# ---- The machines ----

# EPYC without SMAP: QEMU before 9.1 reads the frame of a program's IRET with the kernel's rights, which SMAP refuses.
boot() {
    timeout "$longest" qemu-system-x86_64 -accel tcg,thread=single -cpu EPYC,+svm,+npt,-smap -smp 1 -m 1024 \
        -kernel "$vmlinuz" -initrd "$work/disk-$1.cpio" -append "console=ttyS0 quiet panic=-1 mitigations=off" \
        -display none -no-reboot -monitor none -nic none -serial "file:$work/console-$1.log" -serial "file:$work/results-$1.raw" \
        </dev/null >>"$work/qemu-$1.log" 2>&1 || true
}

# Cuts what machine $1 has written into a log and a status for each suite.
collect() {
    local line name='' status seconds _
    while IFS= read -r line; do
        line=${line%$'\r'}
        case $line in
        '@@amdv begin '*)
            name=${line##* }
            : >"$work/results/$name.log"
            ;;
        '@@amdv end '*)
            read -r _ _ _ status seconds <<<"$line"
            # Catch2 2 takes a name that nobody has for success.
            ! grep -qE 'No tests ran|No test cases matched' "$work/results/$name.log" || status=1
            echo "$status" >"$work/results/$name.status"
            printf '%-12s exit code %s after %s s\n' "$name" "$status" "$seconds"
            name=''
            ;;
        *) [[ -z $name ]] || printf '%s\n' "$line" >>"$work/results/$name.log" ;;
        esac
    done < <(sed 's/\x1b\[[0-9;]*m//g' "$work/results-$1.raw")
}

mkdir -p "$work"
rm -rf "$work"/{skipped,results,*.log,*.raw,*.cpio}
mkdir "$work/results"
get_packages
tree=$work/tree
make_tree
machines=()
for machine in 1 2; do
    make_disk "$machine" || continue
    machines+=("$machine")
done
rm -rf "$tree"
for machine in "${machines[@]}"; do boot "$machine" & done
wait
unfinished=''
for machine in "${machines[@]}"; do
    collect "$machine"
    while read -r name _; do
        [[ -e $work/results/$name.status ]] || unfinished+=" $name"
    done < <(suites_of "$machine")
done
rm -f "$work"/*.cpio
[[ -z $unfinished ]] || {
    echo "these did not come to their end:$unfinished; the machines' consoles:"
    tail -n 40 "$work"/console-*.log
    exit 1
}
