#!/usr/bin/env bash
# Makes the pictures of the README and the documents: real ones, of guests that run while they are taken. Needs no display.
#   tools/pictures.sh [DIRECTORY]      without it, docs/pictures

set -euo pipefail

root=$(readlink -f "${BASH_SOURCE[0]}")
root=${root%/*/*}
out=${1:-$root/docs/pictures}
mkdir -p "$out"

picture() {
    local name=$1
    shift
    "$root/build/release/ringside" view "$@" --screenshot "$out/$name.png" --after 5
}

picture visualizer --size 1280x800
picture visualizer-panels ticks --strategies rewriting,trap,emulation --panels timeline,exits,story,code --theme light --size 1600x1000
