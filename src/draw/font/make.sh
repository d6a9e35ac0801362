#!/usr/bin/env bash
# Makes NotoSans-Subset.ttf from Debian's package fonts-noto-core: Latin, Greek, Cyrillic, and the signs that captions use.
#
# usage: src/draw/font/make.sh NotoSans-Regular.ttf
#
# Needs fonttools 4.68 (PyPI). Hints and features that only typography needs are left out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pyftsubset "$1" --output-file="$here/NotoSans-Subset.ttf" --no-hinting --desubroutinize --notdef-outline \
    --layout-features=ccmp,kern,mark,mkmk,locl --name-IDs='*' --name-languages=0x409 \
    --unicodes=U+0020-007E,U+00A0-024F,U+0259,U+02B9-02DD,U+0300-0331,U+0370-03FF,U+0400-0513,U+1E00-1EFF,U+2010-2026,U+2030,U+2032-2033,U+2039-203A,U+2044,U+20A0-20BF,U+2116,U+2122,U+2126,U+2190-2193,U+2212,U+2215,U+2248,U+2260,U+2264-2265,U+266D-266F,U+FFFD
