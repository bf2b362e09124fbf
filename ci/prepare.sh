#!/usr/bin/env bash
# The action's first step: checks what is asked for, installs this checkout of expsync, and gives names to what follows.
#
# PYTHON, INPUT_COMMAND, INPUT_ENVIRONMENT, INPUT_WORKING_DIRECTORY: from action.yml; the others are the runner's.
set -euo pipefail

case "$INPUT_COMMAND" in
  plan | apply | drift) ;;
  *)
    echo "::error title=expsync::the input 'command' is none of plan, apply and drift"
    exit 64
    ;;
esac

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=expsync::Python 3.11 or later is needed; see the input 'python-version'"
  exit 1
fi

# What an artifact's name may hold; the folder is a part of it where there may be several.
name=${INPUT_ENVIRONMENT:-default}
if [ "$INPUT_WORKING_DIRECTORY" != . ]; then
  name="$name-$INPUT_WORKING_DIRECTORY"
fi
name=${name//[^A-Za-z0-9._-]/-}

venv=$RUNNER_TEMP/expsync-venv
if [ ! -x "$venv/bin/expsync" ]; then
  # Other people's packages are installed without the key and the token in reach: only what pip needs is passed on.
  passed=()
  while IFS= read -r variable; do
    case "$variable" in
      HOME | PATH | TMPDIR | LANG | LC_* | PIP_* | SSL_CERT_* | REQUESTS_CA_BUNDLE | *_PROXY | *_proxy)
        passed+=("$variable=${!variable}")
        ;;
    esac
  done < <(compgen -e)
  echo "::group::Install expsync"
  env -i "${passed[@]}" "$PYTHON" -m venv "$venv"
  env -i "${passed[@]}" "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --constraint "$GITHUB_ACTION_PATH/constraints.txt" "$GITHUB_ACTION_PATH"
  echo "::endgroup::"
fi

{
  echo "python=$venv/bin/python"
  echo "folder=$RUNNER_TEMP/expsync-$INPUT_COMMAND-$name"
  echo "artifact=expsync-plan-$name"
  if [ "$INPUT_COMMAND" = plan ]; then
    echo "kept=expsync-plan-$name"
  else
    echo "kept=expsync-$INPUT_COMMAND-$name-$GITHUB_RUN_ATTEMPT"
  fi
} >> "$GITHUB_OUTPUT"
