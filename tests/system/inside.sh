# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What is in a jail, for the tests of this folder; after common.sh.
#
# The names here come from common.sh.
# shellcheck disable=SC2154

lines()
{
	for line in "$@"; do
		echo "$line"
	done
}

# in_jail NAME COMMAND: a shell command in a jail that runs for it alone.
in_jail()
{
	ok start "$1"
	"$program" -c "$conf" -q exec "$1" -- /bin/sh -c "$2" >out 2>err ||
	    atf_fail "in $1: $2: $(cat err)"
	ok stop "$1"
}

# has NAME FILE LINE...: a file of the jail has exactly these lines.
has()
{
	jail=$1
	file=$2
	shift 2
	lines "$@" >expected
	"$program" -c "$conf" -q exec "$jail" -- cat "$file" >got 2>err ||
	    atf_fail "$file: $(cat err)"
	cmp -s expected got || atf_fail "$file: $(cat got)"
}

lacks()
{
	! "$program" -c "$conf" -q exec "$1" -- ls -d "$2" >/dev/null 2>&1 ||
	    atf_fail "$2 is there"
}
