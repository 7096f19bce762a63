#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# export and import: what the library is asked for, and what is told.
. "$(atf_get_srcdir)/common.sh"

IOC_FAKE_JAILS='web stopped;db running'
export IOC_FAKE_JAILS

export_do()
{
	prints '' export web web.tar
	called 'export web web.tar 0 - - -'
	prints '' export -z --format zfs web@old - </dev/null
	called 'export web - 1 old - zstd'
	prints '' export --incremental old --format directory web dir
	called 'export web dir 2 - old -'
	gives 0 -j export web web.tar
	jq -e '.schema == 1 and .exported.name == "web" and
	    .exported.file == "web.tar"' out || atf_fail "$(cat out)"
	prints 'would do web: jail.export/write\n' -n export web web.tar
	IOC_FAKE_FAIL='export=STATE:0:export web: it runs' \
	    gives 1 export web web.tar
	grep -q 'ioc stop' err || atf_fail "no advice: $(cat err)"
}

import_do()
{
	prints 'named\n' import web.tar
	called 'import - - web.tar 0'
	prints 'new\n' import --format zfs new - </dev/null
	called 'import new - - 1'
	gives 0 -j import new web.tar
	jq -e '.schema == 1 and .imported.name == "new" and
	    .imported.file == "web.tar"' out || atf_fail "$(cat out)"
	gives 0 -j import new - </dev/null
	jq -e '.imported.file == null' out || atf_fail "$(cat out)"
	prints 'would do new: jail.import/unpack\n' -n import new web.tar
	IOC_FAKE_FAIL='import=EXISTS:0:import web: jail web exists already' \
	    gives 1 import web web.tar
	grep -q 'another name' err || atf_fail "no advice: $(cat err)"
}

usage_do()
{
	usage 'export: FILE|- is missing' export web
	usage 'export: unexpected operand "c"' export web b c
	usage 'import: FILE|- is missing' import
	usage 'export: --format: "rar" is none of tar, zfs, directory' \
	    export --format rar web x
}

atf_init_test_cases()
{
	testcase export "a jail to a file"
	testcase import "a file to a jail"
	testcase usage "wrong usage"
}
