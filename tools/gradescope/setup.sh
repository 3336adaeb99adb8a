#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image in which submissions are marked.
set -euo pipefail
cd "$(dirname "$0")"

export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "$@" > /dev/null; }
apt-get update -qq
install python3 python3-venv bubblewrap
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    install python3.11 python3.11-venv || {
        echo 'This image has no Python 3.11. Choose Ubuntu 22.04 or a newer one.' >&2
        exit 1
    }
    python=python3.11
fi

"$python" -m venv /opt/marker
/opt/marker/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
    -r requirements.txt
# Where the user who runs a submission may read. The assignment stays where only root may.
mkdir -p /opt/marker/package
cp -r dropout_grading /opt/marker/package/
