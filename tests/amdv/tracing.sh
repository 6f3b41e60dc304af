# What a recording holds of a run under hardware: the processor's own reason for every exit, also for those that the host's
# kernel settles by itself; and what it holds where tracing is not permitted.
failures=0
port=1073741947 # AMD-V 0x7b, as the field hardware_exit has it: core/trace/hardware_exits.hpp
npf=1073742848  # AMD-V 0x400

record() {
    "$RINGSIDE" run "$@" --strategy hardware --trace /tmp/run.rst >/dev/null 2>&1
    "$RINGSIDE" trace /tmp/run.rst --to jsonl --output /tmp/run.jsonl
}
# count PATTERN...: lines with all of them
count() {
    cp /tmp/run.jsonl /tmp/lines
    for pattern in "$@"; do grep -e "$pattern" /tmp/lines >/tmp/left; mv /tmp/left /tmp/lines; done
    grep -c . /tmp/lines
}
# check WHAT TEST...: the test of test(1)
check() {
    what=$1
    shift
    if [ "$@" ]; then
        echo "ok: $what"
    else
        echo "FAILED: $what: $*"
        failures=$((failures + 1))
    fi
}

record hello
writes=$(count '"event":"port-write"')
check "port writes are recorded" "$writes" -gt 100
check "each with the processor's reason" "$(count '"event":"port-write"' "\"raw\":$port")" = "$writes"
check "each with the guest's place" "$(count '"event":"port-write"' '"eip":0,')" = 0
check "pages that the host gives are recorded" "$(count '"event":"host-page-fault"' "\"hardware_exit\":$npf")" -gt 5
check "with their durations" "$(count '"event":"host-page-fault"' '"duration_ns":0,')" = 0
check "an exit that came to the monitor is not the kernel's as well" "$(count '"event":"kernel-exit"' "\"hardware_exit\":$port")" = 0
record privops --append n=50
check "CPUID is seen, which the kernel answers" "$(count '"event":"kernel-exit"' 'AMD-V 0x72 CPUID')" -ge 50

echo 3 >/proc/sys/kernel/perf_event_paranoid
record hello
check "where tracing is not permitted there are no single exits of the kernel" "$(count '"event":"kernel-exit"')" = 0
check "and the others are recorded all the same" "$(count '"event":"port-write"')" -gt 100
"$RINGSIDE" run hello --strategy hardware --stats >/dev/null 2>/tmp/stats
check "those of the kernel are counted" "$(grep -c '^host-page-fault ' /tmp/stats)" = 1
echo 2 >/proc/sys/kernel/perf_event_paranoid
echo "$failures failures"
exit $((failures != 0))
