# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the tests with genuine updaters of FreeBSD share: they change the host while
# a case runs, so only where IOC_TEST_DISPOSABLE says that the host may be, and the
# release is made of IOC_TEST_BASE.  After common.sh; unworld() takes back what a
# case has done to the host.
#
# The names here come from common.sh, and are used by the tests.
# shellcheck disable=SC2154,SC2034

genuine()
{
	[ "$(uname -s)" = FreeBSD ] || atf_skip "its updaters need FreeBSD"
	[ -n "${IOC_TEST_DISPOSABLE-}" ] ||
	    atf_skip "it changes the host: IOC_TEST_DISPOSABLE is not set"
	[ -n "${IOC_TEST_BASE-}" ] || atf_skip "IOC_TEST_BASE is not set"
}

# base_release: $rel, of the host's version, and its root.
base_release()
{
	rel=$(uname -r | sed 's/-p[0-9]*$//')
	mkdir "$dir/sets"
	ln "$IOC_TEST_BASE" "$dir/sets/base.txz" 2>/dev/null ||
	    cp "$IOC_TEST_BASE" "$dir/sets/base.txz"
	printf 'base.txz\t%s\t1000\tbase\t"Base system"\ton\n' \
	    "$(sha256 "$IOC_TEST_BASE")" >"$dir/sets/MANIFEST"
	ok fetch --no-update -F "$dir/sets" "$rel"
	root=$src/releases/$rel/p0/root
}

# gcase NAME DESCRIPTION [SECONDS]
gcase()
{
	atf_test_case "$1" cleanup
	eval "descr_$1=\$2 seconds_$1=${3:-900}"
	eval "$1_head() { atf_set descr \"\$descr_$1\"; atf_set require.user root;
	    atf_set timeout \"\$seconds_$1\"; }"
	eval "$1_body() { $1_do; }"
	eval "$1_cleanup() { unworld; }"
	atf_add_test_case "$1"
}

# A jail in which connections were made is there, dying, until the kernel has
# forgotten them.
forgotten()
{
	for wait in $(seq 45); do
		jls -d name | grep -q "^$source-" || break
		sleep 2
	done
	no_leaks "the test, $wait looks"
}

# attempts FILE: text for sh, what somebody in stage two would do, with FILE of the
# updates; what has succeeded is told to its function `worked`.
attempts()
{
	cat <<-END
	(echo x >/.ioc-updates/new) 2>/dev/null && worked updates
	(echo x >>/.ioc-updates/$1) 2>/dev/null && worked $1
	for d in mem kmem pci ptmx mdctl; do
		[ ! -e /dev/\$d ] || worked device \$d
	done
	mount -t tmpfs tmpfs /mnt 2>/dev/null && worked mount
	mount -t devfs devfs /mnt 2>/dev/null && worked devfs
	umount /.ioc-updates 2>/dev/null && worked umount
	jail -c path=/ persist 2>/dev/null && worked jail
	hostname evil 2>/dev/null && worked hostname
	nc -w 2 -z 127.0.0.1 80 2>/dev/null && worked network
	ifconfig lo0 alias 127.0.0.9/32 2>/dev/null && worked address
	sysctl kern.maxproc=100 >/dev/null 2>&1 && worked sysctl
	kldload -n fusefs 2>/dev/null && worked module
	[ "\$(ps ax | wc -l)" -lt 40 ] || worked processes
	sleep 1000 >/dev/null 2>&1 &
	END
}
