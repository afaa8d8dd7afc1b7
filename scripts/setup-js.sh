#!/usr/bin/env bash
# The JavaScript packages of package-lock.json: the editor to bundle, esbuild, wasm-opt and what drives the browser tests.
set -euo pipefail
. "$(dirname "$0")/common.sh"
cd "$root"

command -v node >/dev/null && command -v npm >/dev/null ||
  die "Node.js is missing: install version 20 or later (https://nodejs.org, or your package manager) and run this again"
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || die "Node.js $(node --version) is too old: version 20 or later is needed"

# `npm ci` empties node_modules first, so a stamp inside it is there only after a complete installation.
stamp=node_modules/.kubottle-lock
wanted=$(cksum <package-lock.json)
if [ "$(cat $stamp 2>/dev/null)" != "$wanted" ]; then
  say "installing the JavaScript packages (npm ci)"
  npm ci --prefer-offline --no-audit --no-fund --loglevel=error
  printf '%s\n' "$wanted" >$stamp
fi
