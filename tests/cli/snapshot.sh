#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# snapshot, clone, promote, templates: what the library is asked for.
. "$(atf_get_srcdir)/common.sh"

IOC_FAKE_JAILS='web stopped;db running;base stopped template=yes'
IOC_FAKE_SNAPSHOTS='a 1700000000 2097152;b-2 1700000060 0'
export IOC_FAKE_JAILS IOC_FAKE_SNAPSHOTS

show_do()
{
	prints 'NAME  CREATED               USED
a     2023-11-14T22:13:20Z  2.0M
b-2   2023-11-14T22:14:20Z    0B
' snapshot list web
	prints "a${tab}2.0M\nb-2${tab}0B\n" snapshot web -H -o name,used
	prints "1700000000${tab}2097152\n1700000060${tab}0\n" \
	    snapshot list -H -p -o created,used web
	prints "b-2${tab}0B\na${tab}2.0M\n" snapshot list -H -o name,used \
	    -s used web
	gives 0 -j snapshot list web
	jq -e '.schema == 1 and (.snapshots | length) == 2 and
	    .snapshots[0].used == 2097152 and .snapshots[1].name == "b-2"' \
	    out || atf_fail "$(cat out)"
	# What stands there is not ours alone.
	IOC_FAKE_SNAPSHOTS=$(printf 'a\033[2J 1 1') gives 0 snapshot list web
	! LC_ALL=C grep -q "$(printf '[\033\r]')" out || atf_fail "escapes"
	IOC_FAKE_UID=1000 gives 0 snapshot list web
}

change_do()
{
	prints 'web@now created\n' snapshot create web@now
	called 'snapshot_create web now'
	prints 'web@now created\n' snapshot web@now
	prints 'db@a is what the jail is now\n' snapshot rollback -f db@a
	called 'snapshot_rollback db a stop=1 lose=1'
	gives 0 snapshot rollback db@a
	called 'snapshot_rollback db a stop=0 lose=0'
	gives 0 -j snapshot remove db@a
	called 'snapshot_remove db a'
	jq -e '.schema == 1 and .removed == {jail: "db", snapshot: "a"}' out ||
	    atf_fail "$(cat out)"
	gives 0 -j snapshot create web@x
	jq -e '.created.snapshot == "x"' out || atf_fail "$(cat out)"
	gives 0 -j snapshot rollback web@x
	jq -e '.rolled_back.snapshot == "x"' out || atf_fail "$(cat out)"
	prints 'would do web: snapshot.create/copy\n' -n snapshot web@x
	IOC_FAKE_FAIL='snapshot.rollback/copy=STATE:0:newer ones' \
	    gives 1 snapshot rollback web@a
	grep -q 'rollback -f' err || atf_fail "no advice: $(cat err)"
}

clone_do()
{
	prints 'new\n' clone web new
	called 'clone web@- new'
	prints 'new\n' clone web@a new notes=x
	called 'clone web@a new'
	called 'with notes=x'
	gives 0 -j clone web@a new
	jq -e '.schema == 1 and .cloned.from == "web@a" and
	    .cloned.name == "new"' out || atf_fail "$(cat out)"
	prints 'web promoted\n' promote web
	called 'promote web'
	usage 'clone: "x" is not KEY=VALUE' clone web new x
	usage 'clone: NAME is missing' clone web
}

template_do()
{
	prints 'x\n' create -t base x
	called 'template=base basejail=0'
	prints 'y\n' create -b -r bookworm y
	called 'template=- basejail=1'
	usage 'create: a jail is as its TEMPLATE is: no -r, -e, -T or -b with -t' \
	    create -t base -r bookworm x
	usage 'create: -b and -T exclude each other' create -b -T -r bookworm x
	usage 'create: -b and --no-basejail exclude each other' \
	    create -b --no-basejail -r bookworm x
	prints 'base\n' list -t -H -o name
	gives 0 -j list -t
	jq -e '.templates[0].name == "base"' out || atf_fail "$(cat out)"
	prints 'base destroyed\n' destroy -y -t base
	usage 'destroy: -r and -t exclude each other' destroy -r -t base
	usage 'list: -r, -t, -p, -d and -R exclude each other' list -r -t
}

# One that cannot be made does not keep the others from it.
count_do()
{
	IOC_FAKE_FAIL='jail.create/root:n-2=EXISTS:0:taken'
	export IOC_FAKE_FAIL
	"$ioc" create -r bookworm -C 3 n >out 2>err
	[ $? -eq 1 ] || atf_fail "the status is not 1"
	atf_check -o inline:'n-1\nn-3\n' cat out
	grep -q 'create n-2: taken' err || atf_fail "$(tr '\n' ';' <err)"
}

usage_do()
{
	usage 'snapshot: JAIL[@SNAP] is missing' snapshot
	usage 'snapshot: JAIL is missing' snapshot list
	usage 'snapshot: JAIL@SNAP is missing' snapshot create
	usage 'snapshot: "create" takes JAIL@SNAP' snapshot create web
	usage 'snapshot: "rollback" takes JAIL@SNAP' snapshot rollback web@
	usage 'snapshot: "list" takes a JAIL, not JAIL@SNAP' \
	    snapshot list web@a
	usage 'snapshot: "eat" is none of list, create, rollback, remove' \
	    snapshot eat web@a
	usage 'snapshot: -f is for "rollback"' snapshot remove -f web@a
	usage 'snapshot: -H, -p, -o, -s and --output-format are for "list"' \
	    snapshot create -H web@a
	usage 'snapshot: unexpected operand "c"' snapshot create a@b c
}

atf_init_test_cases()
{
	testcase show "list: columns, JSON, numbers, escapes"
	testcase change "create, rollback and remove"
	testcase clone "clone and promote"
	testcase template "templates and basejails"
	testcase count "several at once"
	testcase usage "what is wrong usage"
}
