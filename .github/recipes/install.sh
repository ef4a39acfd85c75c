#!/usr/bin/env bash
# install.sh FOLDER: provisioner, from the checkout that this file lies in, in a virtual environment of its own.
# Every package is checked against the hash that the checkout names for it.
set -euo pipefail
folder=$1
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python3 -m venv "$folder"
pip=("$folder/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --require-hashes -r "$checkout/requirements-build.txt" -r "$checkout/requirements.txt"
"${pip[@]}" install --no-deps --no-build-isolation "$checkout"
