#!/usr/bin/env bash
# Runs every static check and says at the end which failed, so that one run shows them all.
set -u
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

failed=()
check() {
  local name=$1
  shift
  echo "check: $name"
  "$@" || failed+=("$name")
}

check types tsc -p .
check lint eslint --cache --cache-location node_modules/.cache/eslint/ .
check format prettier --check --log-level warn .
check arrows depcruise --config .dependency-cruiser.cjs --output-type err src test bench scripts
check unused knip

if [ ${#failed[@]} -gt 0 ]; then
  echo "check: failed: ${failed[*]}" >&2
  exit 1
fi
echo "check: all well"
