#!/bin/sh
# make demo: burn this repository's docs/ and README.md to a virtual BD-R, verify it fully, list it, print the report.
# Usage: demo.sh [AIOIMAPI]: the command to use.
set -eu
aioimapi=${1:-aioimapi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
drive="virtual:$folder/demo.bdr"

say() { printf '\n$ %s\n' "$*"; "$@"; }

say "$aioimapi" virtual new "$folder/demo.bdr" --media bd-r
say "$aioimapi" burn docs README.md --drive "$drive" --verify full --volume AIOIMAPI_DOCS
say "$aioimapi" media "$drive"
say "$aioimapi" ls "$drive"
