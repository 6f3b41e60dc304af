#!/usr/bin/env bash
# Tells how a suite of machine.sh has ended, as a test of its own: result.sh BUILD_FOLDER SUITE
#
# Exit codes: the suite's own; 77 skipped; 1 it has not run.

set -euo pipefail

work=${1:?}/amdv
log=$work/results/${2:?}.log
if [[ -e $work/skipped ]]; then
    cat "$work/skipped"
    exit 77
fi
[[ ! -e $log ]] || cat "$log"
[[ -e ${log%.log}.status ]] || {
    echo "the suite $2 did not come to its end; the machines' consoles are $work/console-*.log"
    exit 1
}
exit "$(<"${log%.log}.status")"
