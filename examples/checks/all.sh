#!/usr/bin/env bash
# Runs every check over a plan: all.sh PLAN DATA. Ends with 1 where one of them finds something, or can't be run.
set -euo pipefail
plan=$1
data=$(cat "$2")
failed=0
for check in "$(dirname "$0")"/jq/*.jq; do
  name=$(basename "$check" .jq)
  if said=$(jq -nae --argjson data "$data" -f "$check" "$plan"); then
    echo "passed $name"
  else
    echo "FAILED $name"
    echo "${said%false}" | sed -n 's/^./  &/p'
    failed=1
  fi
done
exit "$failed"
