#!/usr/bin/env bash
# The build tools of the page: trunk, and wasm-bindgen in the exact version of Cargo.lock. A tool that is on PATH in the
# right version is used; another is compiled into a cache folder of our own, so that nothing of the user's is replaced.
set -euo pipefail
. "$(dirname "$0")/common.sh"

trunk_version=0.21.14
bindgen_version=$(locked_version wasm-bindgen)
[ -n "$bindgen_version" ] || die "Cargo.lock names no wasm-bindgen"

# has_version VERSION COMMAND...: what the command prints ends in that version.
has_version() {
  local want=$1
  shift
  [ "$("$@" --version 2>/dev/null | awk '{ print $2; exit }')" = "$want" ]
}

# compile_tool CRATE VERSION [FLAG...]: without TLS, for these are never to download anything; and not optimised to the
# last byte as their own profiles ask, which takes several times as long.
compile_tool() {
  local crate=$1 version=$2
  shift 2
  say "compiling $crate $version into $tools_dir (once, some minutes)"
  rm -rf "$tools_dir/$crate/bin"
  # The build folder outlives an interruption.
  CARGO_TARGET_DIR=$tools_dir/build/$crate \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    cargo install --quiet --force --root "$tools_dir/$crate" --no-default-features "$@" --version "$version" "$crate"
  rm -rf "$tools_dir/build/$crate"
}

choose_toolchain || true
use_tools
if ! has_version "$bindgen_version" wasm-bindgen; then
  compile_tool wasm-bindgen-cli "$bindgen_version"
fi
if ! has_version "$trunk_version" trunk; then
  compile_tool trunk "$trunk_version" --locked
fi
