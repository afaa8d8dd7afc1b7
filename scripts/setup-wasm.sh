#!/usr/bin/env bash
# Makes the page's target, wasm32-unknown-unknown, known to a Rust toolchain. Quick and silent when one has it.
#   WASM_STD=auto    (default) `rustup target add`; where that cannot download, the distribution's toolchain
#   WASM_STD=debian  the distribution's toolchain, rustup is never asked to download
# Where the distribution is used, its standard library is compiled for the target from its own sources (about two minutes)
# and the toolchain is linked as `debian` into rustup. The active toolchain stays what it was: ./kubottle chooses by
# RUSTUP_TOOLCHAIN.
set -euo pipefail
. "$(dirname "$0")/common.sh"

if choose_toolchain; then exit 0; fi

if [ "${WASM_STD:-auto}" = auto ] && command -v rustup >/dev/null; then
  say "adding the target $wasm_target to the Rust toolchain"
  if limited 180 rustup target add $wasm_target && compiles_wasm rustc; then exit 0; fi
  say "rustup could not add it; taking the distribution's Rust instead"
fi

std_sources=/usr/lib/rustlib/src/rust/library
lld_is_there() { [ -x "$(readlink -f /usr/bin/rust-lld || true)" ]; }

if [ ! -x /usr/bin/rustc ] || [ ! -x /usr/bin/cargo-clippy ] || [ ! -x /usr/bin/rustfmt ] || [ ! -d $std_sources ]; then
  apt_install "Rust with sources, to build for $wasm_target" \
    rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web ||
    die "no toolchain here can build for $wasm_target; run \`rustup target add $wasm_target\` on a connected machine"
fi
if ! lld_is_there; then
  # /usr/bin/rust-lld is a link whose target, lld-NN, comes from the package of that name.
  apt_install "the linker for $wasm_target" "$(basename "$(readlink /usr/bin/rust-lld)")"
fi

if ! compiles_wasm /usr/bin/rustc; then
  say "compiling Rust's standard library for $wasm_target (once, about two minutes)"
  # Kept until it is installed, so that an interrupted build goes on where it was.
  build=${XDG_CACHE_HOME:-$HOME/.cache}/kubottle/wasm-std-$(/usr/bin/rustc --version | awk '{ print $2 }')
  mkdir -p "$build/src"
  echo '#![no_std]' >"$build/src/lib.rs"
  printf '[package]\nname = "stdbuild"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$build/Cargo.toml"
  (cd "$build" && env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
    RUSTFLAGS=-Cembed-bitcode=yes \
    /usr/bin/cargo build -q --release --target $wasm_target -Zbuild-std=std,panic_abort,test)
  libdir=$(/usr/bin/rustc --print target-libdir --target $wasm_target)
  rm -f "$build/target/$wasm_target/release/deps"/libstdbuild-*
  # A whole folder is moved into place, so that there is never half a library.
  as_root rm -rf "$libdir" "$libdir.new"
  as_root mkdir -p "$libdir.new"
  as_root cp "$build/target/$wasm_target/release/deps"/*.rlib "$libdir.new/"
  as_root mv "$libdir.new" "$libdir"
  rm -rf "$build"
fi

if command -v rustup >/dev/null && ! rustup toolchain list | grep -q '^debian\b'; then
  rustup toolchain link debian /usr
fi
choose_toolchain || die "the distribution's Rust still cannot build for $wasm_target"
say "building with the distribution's $(rustc --version)"
