#!/usr/bin/env bash
# Fuzzes each target for so many seconds (600 if not said), from the contracts of kernels/ and tests/fixtures/ on: scripts/fuzz.sh [SECONDS] [TARGET...]
# A finding ends it; it lies in fuzz/artifacts/, and becomes a regression by being moved to tests/findings/TARGET/.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(bytecode artifact program device)

command -v cargo-fuzz > /dev/null || cargo install cargo-fuzz --locked

mkdir -p fuzz/corpus/bytecode fuzz/corpus/artifact
find kernels tests/fixtures -name '*.*.json' -not -path '*/node_modules/*' | while read -r file; do
    name=$(echo "$file" | tr / _)
    cp "$file" "fuzz/corpus/artifact/$name"
    perl -0ne 'print pack("H*", $1) if /"deployedBytecode":\s*\{\s*"object":\s*"(?:0x)?([0-9a-f]*)"/' "$file" > "fuzz/corpus/bytecode/$name"
done

# Without a sanitizer the toolchain at hand will do: the code is safe Rust, and what is looked for panics, differs, or does not end.
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4096 -len_control=0 -max_len=32768
done
