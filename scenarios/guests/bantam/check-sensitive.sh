#!/bin/sh
# Shows that bantam's main path has none of the sensitive unprivileged instructions of x86
# (Robin & Irvine 2000), so that classic trap-and-emulate can run it.
#
#   check-sensitive.sh IMAGE.elf...
#
# Left out is what lies between the symbols sensitive_start and sensitive_end: `holes` and
# `privops`, which use them on purpose. Allowed are INT 0x80, which is the system call; one far jump
# in load_segments, whose ring-0 selector faults when it is loaded outside ring 0; and the one to the
# system-call gate, which this kernel does not offer.
set -eu

objdump=${LLVM_OBJDUMP:-llvm-objdump}
[ $# -gt 0 ] || { echo "usage: $0 IMAGE.elf..." >&2; exit 2; }

status=0
for image in "$@"; do
    symbol() { "$objdump" -t "$image" | awk -v name="$1" '$NF == name { print $1 }'; }
    "$objdump" -d --no-show-raw-insn "$image" | awk \
        -v image="$image" -v start="$(symbol sensitive_start)" -v end="$(symbol sensitive_end)" '
        /^[0-9a-f]+ <.*>:$/ { name = $2; next }
        !/^ *[0-9a-f]+:/ { next }
        {
            address = $1
            sub(/:.*/, "", address)
            while (length(address) < 8) address = "0" address
            if (("x" address) >= ("x" start) && ("x" address) < ("x" end)) { left_out++; next }
            checked++
            text = $0
            sub(/^ *[0-9a-f]+:[ \t]*/, "", text)
            gsub(/[ \t]+/, " ", text)
        }
        text ~ /^ljmp/ && name == "<load_segments>:" && ++jumps == 1 { next }
        text ~ /^ljmp/ && name == "<system_call_by_gate>:" && ++gates == 1 { next }
        text ~ /^int \$(128|0x80)/ { next }
        text ~ /^(sgdt|sidt|sldt|smsw|pushf|popf|lar|lsl|verr|verw|str)[wlq]?( |$)/ ||
        text ~ /^(lcall|ljmp|lret|retf|int )/ ||
        text ~ /^mov[wl]? %[cdefgs]s,/ ||
        text ~ /^(push|pop)[wl]? %[cdefgs]s( |$)/ ||
        text ~ /^l[defgs]s[wl]? / { print image ": " name " " text; found++ }
        END {
            printf "%s: %d instructions checked, %d left out, %d sensitive\n",
                   image, checked, left_out, found
            exit found > 0 || checked == 0
        }' || status=1
done
exit $status
