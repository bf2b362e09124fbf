#!/usr/bin/env bash
# Nothing, once the programs named are there; apt-get installs those that are not, as root or with sudo.
#
#   scripts/system_packages.sh zsh fish jq chromium
#
# Each is the name of a package and of its program. Quick where nothing is missing: no package list is read then.
set -euo pipefail

missing=()
for name in "$@"; do
    command -v "$name" >/dev/null || missing+=("$name")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

give_up() {
    echo "missing: ${missing[*]}: $1; install them, then run this again" >&2
    exit 1
}

command -v apt-get >/dev/null || give_up "there is no apt-get here"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    { command -v sudo >/dev/null && sudo -n true 2>/dev/null; } || give_up "that needs root, or sudo without a password"
    as_root=(sudo -n)
fi

install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing ${missing[*]}" >&2
# The lists of packages are often there already, and often not in a container.
if ! install; then
    "${as_root[@]}" apt-get update --quiet >>"$log" 2>&1 || true
    install || { cat "$log" >&2; give_up "apt-get can't install them"; }
fi

for name in "${missing[@]}"; do
    command -v "$name" >/dev/null || give_up "apt-get installed them, and there is still no program $name"
done
