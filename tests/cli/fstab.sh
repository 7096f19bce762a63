#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# fstab: what the library is asked for, and what is told.
. "$(atf_get_srcdir)/common.sh"

IOC_FAKE_JAILS='web stopped;db running'
IOC_FAKE_FSTAB='/srv /data nullfs ro;tmpfs /t tmpfs rw,size=1M comment'
export IOC_FAKE_JAILS IOC_FAKE_FSTAB

show_do()
{
	prints "/srv\t/data\tnullfs\tro\t0\t0\t-\ntmpfs\t/t\ttmpfs\trw,size=1M\t0\t0\tcomment\n" \
	    fstab show -H web
	gives 0 -j fstab show web
	jq -e '.schema == 1 and (.fstab | length) == 2 and
	    .fstab[1].options == ["rw", "size=1M"] and
	    .fstab[0].comment == null and .fstab[0].freq == 0' out ||
	    atf_fail "$(cat out)"
	gives 0 fstab show web
	grep -q '^SOURCE *TARGET *TYPE *OPTIONS' out || atf_fail "$(cat out)"
	# What comes from a file does not move the cursor.
	IOC_FAKE_FSTAB=$(printf '/a\033[2J /b\rc nullfs ro') gives 0 \
	    fstab show web
	! LC_ALL=C grep -q "$(printf '[\033\r]')" out || atf_fail "escapes"
	# Everybody may see it.
	IOC_FAKE_UID=1000 gives 0 fstab show web
}

change_do()
{
	prints 'web: tmpfs on /t (tmpfs, rw,size=1M)\n' \
	    fstab add -o rw,noexec -t tmpfs --freq 1 --passno 2 -c 'a b' \
	    /srv/x /x web
	called 'fstab_add web /srv/x /x tmpfs rw,noexec 1 2 a b'
	gives 0 -j fstab add /srv/x web
	called 'fstab_add web /srv/x - - - 0 0 -'
	jq -e '.added.jail == "web" and .added.target == "/t"' out ||
	    atf_fail "$(cat out)"
	prints 'db: /x removed\n' fstab rm /x db
	called 'fstab_remove db /x'
	gives 0 -j fstab rm /x db
	jq -e '.removed.what == "/x"' out || atf_fail "$(cat out)"
	prints 'would do db: fstab.remove/write\n' -n fstab rm /x db
	IOC_FAKE_FAIL='fstab_add=EXISTS:0:fstab of web: /x is taken' \
	    gives 1 fstab add /srv /x web
	grep -q 'fstab rm' err || atf_fail "no advice: $(cat err)"
}

usage_do()
{
	usage 'fstab: add|rm|show is missing' fstab
	usage 'fstab: JAIL is missing' fstab show
	usage 'fstab: "eat" is none of add, rm, show' fstab eat web
	usage 'fstab: SRC or JAIL is missing' fstab add web
	usage 'fstab: "fstab rm" takes two operands, DST or SRC and JAIL' \
	    fstab rm web
	usage 'fstab: "fstab show" takes one operand, the JAIL' fstab show a web
	usage 'fstab: unexpected operand "web"' fstab add a b c web
	usage 'fstab: -o, -t, -c, --freq and --passno are for "fstab add"' \
	    fstab rm -o ro /x web
	gives 2 fstab add -t ufs /srv /x web
	refuses 'no jail nosuch' fstab show nosuch
}

atf_init_test_cases()
{
	testcase show "the lines, as table and JSON" jq
	testcase change "lines are added and removed" jq
	testcase usage "what is missing or too much"
}
