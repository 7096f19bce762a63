#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Puts the section COMMANDS into ioc.8, as the tables of the program have it.
#
# usage: man-update.sh [--check] IOC-MDOC IOC.8
set -eu

check=false
if [ "$1" = --check ]; then
	check=true
	shift
fi
mdoc=$1
page=$2
new=$(mktemp)
trap 'rm -f "$new"' EXIT

{
	sed '/^\.\\" BEGIN COMMANDS/q' "$page"
	"$mdoc" commands
	sed -n '/^\.\\" END COMMANDS/,$p' "$page"
} > "$new"

if $check; then
	cmp "$new" "$page"
elif ! cmp -s "$new" "$page"; then
	cat "$new" > "$page"
fi
