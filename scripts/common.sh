# What the other scripts share; sourced, never run. Sets the toolchain and PATH of the calling script, installs nothing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wasm_target=wasm32-unknown-unknown
# Tools that had to be compiled are kept outside the clone, so that the next clone finds them.
tools_dir=${XDG_CACHE_HOME:-$HOME/.cache}/kubottle/tools

# Any value means "no colours" to most tools; trunk takes nothing but true and false.
[ -z "${NO_COLOR:-}" ] || export NO_COLOR=true

say() { printf 'kubottle: %s\n' "$*" >&2; }
die() {
  printf 'kubottle: %s\n' "$*" >&2
  exit 1
}

# limited SECONDS COMMAND...: gives up after a while, where the system has `timeout`.
limited() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and there is no sudo: $*"
  fi
}

# apt_install WHY PACKAGE...: a no-op on systems without apt, which returns 1.
apt_install() {
  local why=$1
  shift
  command -v apt-get >/dev/null || return 1
  say "installing $* with apt ($why)"
  # A run that was interrupted may have left packages half configured.
  as_root dpkg --configure -a
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >/dev/null
}

# compiles_wasm RUSTC...: true when that compiler has a standard library for the page's target.
compiles_wasm() {
  local dir code
  dir=$(mktemp -d)
  echo 'pub fn f() -> String { String::new() }' >"$dir/probe.rs"
  "$@" --target $wasm_target --crate-type rlib --emit=metadata --out-dir "$dir" "$dir/probe.rs" >/dev/null 2>&1
  code=$?
  rm -rf "$dir"
  return $code
}

# The distribution's toolchain, reached through rustup where there is one: `toolchain_env debian` names it for cargo.
distribution_compiles_wasm() {
  if command -v rustup >/dev/null; then
    RUSTUP_TOOLCHAIN=debian compiles_wasm rustc
  else
    compiles_wasm rustc
  fi
}

# Chooses one toolchain for everything, so that native and wasm builds share their artifacts. WASM_STD=auto (the default)
# keeps the active toolchain if it can build the page; WASM_STD=debian takes the distribution's without asking rustup.
choose_toolchain() {
  command -v cargo >/dev/null || die "Rust is missing: install it from https://rustup.rs and run this again"
  if [ "${WASM_STD:-auto}" = auto ] && compiles_wasm rustc; then return 0; fi
  if distribution_compiles_wasm; then
    if command -v rustup >/dev/null; then export RUSTUP_TOOLCHAIN=debian; fi
    return 0
  fi
  return 1
}

# locked_version CRATE: the version in Cargo.lock.
locked_version() {
  awk -v want="name = \"$1\"" '$0 == want { getline; gsub(/[^0-9.]/, ""); print; exit }' "$root/Cargo.lock"
}

# Tools of this project first: node_modules/.bin has wasm-opt, tools_dir what scripts/setup-tools.sh compiled.
use_tools() {
  local bin
  for bin in "$tools_dir"/*/bin; do
    if [ -d "$bin" ]; then PATH=$bin:$PATH; fi
  done
  export PATH=$root/node_modules/.bin:$PATH
}

# The browser for the tests: $CHROMIUM, or the first that is installed.
find_chromium() {
  local name
  for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome-stable google-chrome microsoft-edge \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    command -v "$name" && return 0
  done
  return 1
}
