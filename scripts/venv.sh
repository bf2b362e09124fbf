#!/usr/bin/env bash
# Makes or renews the virtual environment named by $1, with exactly the versions of constraints.txt.
set -euo pipefail
venv=$1
cd "$(dirname "$0")/.."

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# One that is broken, or too old, is made anew; any other is brought up to date in place.
if [ -e "$venv" ] && ! recent "$venv/bin/python"; then
  rm -rf "$venv"
fi
if [ ! -e "$venv" ]; then
  python=
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if recent "$candidate"; then
      python=$candidate
      break
    fi
  done
  if [ -z "$python" ]; then
    echo "error: no python of version 3.11 or later is on the PATH (tried python3, python3.14 down to python3.11)" >&2
    exit 1
  fi
  echo "making $venv with $("$python" --version)" >&2
  "$python" -m venv "$venv" || {
    rm -rf "$venv"
    echo "error: $python can't make a virtual environment; on Debian and Ubuntu, install python3-venv" >&2
    exit 1
  }
fi
echo "installing what pyproject.toml asks for, as pinned in constraints.txt" >&2
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input -c constraints.txt -e '.[dev]'
