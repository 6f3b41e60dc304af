#!/bin/sh
# Fuzzes for SECONDS with the fuzz target BINARY, from its own seeds in a throw-away folder. Fails on the first crash,
# undefined behavior, broken promise, leak, or input that takes more than 10 seconds or 1 GiB; the input is kept in
# the current folder as crash-*, leak-*, timeout-* or oom-*.
set -eu
if [ $# -lt 2 ]; then
    echo "usage: $0 SECONDS BINARY [LIBFUZZER-OPTION...]" >&2
    exit 2
fi
seconds=$1
binary=$2
shift 2

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
trap 'exit 130' INT TERM
RINGSIDE_FUZZ_SEEDS=$corpus "$binary"
"$binary" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
    "$@" "$corpus"
