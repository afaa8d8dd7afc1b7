#!/usr/bin/env bash
# A Chromium for the browser tests: $CHROMIUM, an installed one, or the distribution's package.
set -euo pipefail
. "$(dirname "$0")/common.sh"

if find_chromium >/dev/null; then exit 0; fi
apt_install "the browser tests need a Chromium" chromium || true
find_chromium >/dev/null ||
  die "the browser tests need Chromium or Chrome: install one, or name its program in CHROMIUM, and run this again"
