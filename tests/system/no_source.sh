#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# A host without a source.  Active pools of ZFS are sources of their own, those
# of other tests, too: so this belongs to those of which one runs at a time.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

begin_without()
{
	! zfs get -H -o value -s local org.freebsd.ioc:active 2>/dev/null |
	    grep -qx yes || atf_skip "a pool of this host is active"
	begin
	ok deactivate "$src"
}

advice_do()
{
	begin_without
	refuses 1 activate create -e web
}

rc_do()
{
	begin_without
	for command in start stop restart; do
		atf_check "$program" -c "$conf" $command --rc
	done
}

atf_init_test_cases()
{
	testcase advice "the advice is to activate one"
	testcase rc "nothing starts or stops with the host"
}
