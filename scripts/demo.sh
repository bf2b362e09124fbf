#!/usr/bin/env bash
# Plans and applies examples/quickstart on the embedded sandbox, in a copy, and fails unless it settles.
set -euo pipefail
cd "$(dirname "$0")/.."
unset EXPSYNC_ENV EXPSYNC_BASE_URL EXPSYNC_API_KEY

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R examples/quickstart/. "$copy"
rm -rf "$copy/.expsync"
cd "$copy"

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

run expsync validate
run expsync plan
run expsync apply --yes
# 0 means that nothing is left to do, 2 that something is.
if ! run expsync plan --detailed-exitcode; then
  echo "error: the second plan should have had nothing to do" >&2
  exit 1
fi
