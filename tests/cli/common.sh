# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The program linked with the library that is all in memory (fake.h).
#
# IOC_CLI_TEST is the folder of ioc_fake and mdoc_fake; without it, it is looked
# for beside IOC, the real program, and in build/.

tree=$(atf_get_srcdir)/../..
if [ -n "${IOC_CLI_TEST-}" ]; then
	programs=$IOC_CLI_TEST
elif [ -n "${IOC-}" ]; then
	programs=$(dirname "$IOC")/../../tests/cli
else
	programs=$tree/build/tests/cli
fi
ioc=$programs/ioc_fake
mdoc=$programs/mdoc_fake
tab=$(printf '\t')
export ioc mdoc
unset IOC_CONFIG
# What a session of the user may have set is not the test's.
IOC_FAKE_LOG=$PWD/log
export IOC_FAKE_LOG

# testcase NAME DESCRIPTION [PROGRAM...]: a case that is the function NAME_do.
testcase()
{
	atf_test_case "$1"
	eval "descr_$1=\$2"
	eval "needs_$1=\${3-}"
	eval "$1_head() {
		atf_set descr \"\$descr_$1\"
		[ -z \"\$needs_$1\" ] || atf_set require.progs \"\$needs_$1\"
	}"
	eval "$1_body() {
		[ -x \"\$ioc\" ] || atf_fail \"not built: \$ioc\"
		$1_do
	}"
	atf_add_test_case "$1"
}

# gives STATUS ARG...: stdout and stderr are in the files out and err.
gives()
{
	want=$1
	shift
	"$ioc" "$@" >out 2>err </dev/null
	got=$?
	[ "$got" -eq "$want" ] || {
		cat out err >&2
		atf_fail "status $got instead of $want: ioc $*"
	}
}

# prints TEXT ARG...: exactly that text, as for printf, on stdout; status 0.
prints()
{
	text=$1
	shift
	gives 0 "$@"
	# shellcheck disable=SC2059
	printf -- "$text" >expected
	cmp -s expected out || {
		diff expected out >&2
		atf_fail "prints something else: ioc $*"
	}
}

# usage SENTENCE ARG...: wrong usage; that sentence, and the usage line.
usage()
{
	sentence=$1
	shift
	gives 2 "$@"
	[ ! -s out ] || atf_fail "prints on stdout: ioc $*"
	[ "$(head -n 1 err)" = "ioc: $sentence" ] || {
		cat err >&2
		atf_fail "says something else: ioc $*"
	}
	[ "$(wc -l <err)" -eq 2 ] || atf_fail "not two lines: ioc $*"
	sed -n 2p err | grep -q '^usage: ioc ' || atf_fail "no usage: ioc $*"
}

# refuses SENTENCE ARG...: status 1 and that sentence as the first line, then at
# most one of advice.
refuses()
{
	sentence=$1
	shift
	gives 1 "$@"
	[ "$(head -n 1 err)" = "ioc: $sentence" ] || {
		cat err >&2
		atf_fail "says something else: ioc $*"
	}
	[ "$(wc -l <err)" -le 2 ] || atf_fail "more than two lines: ioc $*"
}

# called TEXT: a line of the log of calls.
called()
{
	grep -qxF -e "$1" log || {
		cat log >&2
		atf_fail "not called: $1"
	}
}

not_called()
{
	! grep -qF -e "$1" log || atf_fail "called: $1"
}
