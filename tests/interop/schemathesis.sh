#!/usr/bin/env bash
# Asks a server what its description allows, and what it does not, and compares each answer with the description. 20 cases for each
# address make some 900 requests, and CASES=60 makes more than 2,000. CI has no time for it.
#
#     tests/interop/schemathesis.sh PROGRAM     # needs Python; schemathesis comes from PyPI, into target/schemathesis
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "$1")
tools=$root/target/schemathesis
[ -x "$tools/bin/schemathesis" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet schemathesis==4.32.5; }
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cp -r "$root/fixtures/audio/songs" "$work/songs"
"$program" build --quiet "$work/songs" --db "$work/i.refrain"
REFRAIN_TOKEN=schemathesis-token "$program" serve --quiet --db "$work/i.refrain" --port 0 --max-upload 1M >"$work/address" &
server=$!
until [ -s "$work/address" ]; do sleep .1; done
address=$(cat "$work/address")
# It keeps what it found below the current folder.
cd "$work"
"$tools/bin/schemathesis" --config-file "$root/tests/interop/schemathesis.toml" run "${address}api/v1/openapi.json" \
    --header "Authorization: Bearer schemathesis-token" --max-examples "${CASES:-20}" --seed 1 "${@:2}"
# Whatever it asked, the index is sound and the music is all there.
kill "$server" && wait "$server"
"$program" index verify --db "$work/i.refrain"
diff -r "$root/fixtures/audio/songs" "$work/songs"
