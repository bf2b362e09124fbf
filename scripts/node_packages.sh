#!/usr/bin/env bash
# Installs what the tests need of Node's packages, exactly as tests/package-lock.json says, into tests/node_modules.
# Where they are there already, it only looks, and needs neither npm nor a network.
set -euo pipefail
cd "$(dirname "$0")/../tests"

# A copy of the lock file, left when all of it was installed; npm starts with taking the whole folder away.
installed=node_modules/.installed-lock.json
if cmp -s package-lock.json "$installed"; then
  exit 0
fi
for program in node npm; do
  if ! command -v "$program" >/dev/null; then
    echo "error: $program is not on the PATH; the browser tests and those of the JavaScript SDK need Node 20 or later" >&2
    exit 1
  fi
done
echo "installing what tests/package.json asks for, as pinned in tests/package-lock.json" >&2
npm ci --no-audit --no-fund --loglevel=error >&2
cp package-lock.json "$installed"
