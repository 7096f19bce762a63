#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails that other versions of libioc and iocage have made, in each of the forms in
# which they keep what they know: seen and started as they are, written to when
# somebody changes them.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

uuid=d1b3fd5c-8d7a-11e5-b01e-d43d7ee0c0de

# old NAME: a jail's dataset as theirs are, its root a clone of the release's, in
# which programs run.
old()
{
	at=$pool/iocage/jails/$1
	zfs create "$at" &&
	    zfs clone -o exec=on -o setuid=on "$(zfs list -H -r -t snapshot -o name \
	    "$pool/iocage/releases/tiny" | head -n 1)" "$at/root" ||
	    atf_fail "no dataset"
	chmod 700 "$src/jails/$1"
}

# A pool with the release, which has a snapshot.
old_pool()
{
	begin_pool
	with_tiny
	ok create -r tiny first
	ok destroy -y first
	[ -z "$os_no_idmap" ] || ok set $os_no_idmap defaults
}

# kept: all that is known of the jails, but for when something was read.
kept()
{
	find "$src/jails" -path '*/root/*' -prune -o -type f \
	    -exec cksum '{}' + | sort
	find "$src/jails" -path '*/root/*' -prune -o -print | sort
	zfs get -H -r -s local -o name,property,value all "$pool/iocage/jails"
}

# runs NAME HOSTNAME: it starts as it is, says who it is, and stops.
runs()
{
	kept >kept.before
	state "$1" stopped
	ok start "$1"
	prints "$2" exec "$1" -- hostname
	ok stop "$1"
	kept >kept.after
	diff kept.before kept.after >&2 || atf_fail "something was written"
}

ucl_do()
{
	old_pool
	old $uuid
	cat >"$src/jails/$uuid/config" <<-'E'
	# written by hand as well
	boot = "on";
	host_hostname = "old.example.org";
	id = "d1b3fd5c-8d7a-11e5-b01e-d43d7ee0c0de";
	release = "tiny";
	tag = "web";
	maxproc = "off";
	ip4_addr = "em0|10.0.0.1/24";
	exec_prestart = "touch /pwned";
	user {
	    note = "mine";
	}
	E
	prints "$uuid	stopped	yes	web" list -H -o name,state,boot,tags
	prints mine get user.note $uuid
	prints - get maxproc $uuid
	runs $uuid old.example.org
	atf_check -o ignore \
	    -e match:'exec_prestart, ip4_addr has no effect here' \
	    "$program" -c "$conf" start $uuid
	ok stop $uuid
	[ ! -e /pwned ] || atf_fail "a hook was run"
	cksum "$src/jails/$uuid/config" >before
	ok set notes=changed $uuid
	prints changed get notes $uuid
	prints old.example.org get host_hostname $uuid
	prints yes get boot $uuid
	cksum "$src/jails/$uuid/config" >after
	atf_check cmp before after
	ok rename $uuid www
	prints old.example.org get host_hostname www
	ok export www "$dir/www.tar"
	echo '.include "/etc/passwd"' >"$src/jails/www/config"
	prints changed get notes www
	rm "$src/jails/www/config.json"
	refuses 1 'config: line 1: macros are not obeyed' get notes www
	state www broken
	ok destroy -y www
	quiet
}

properties_do()
{
	old_pool
	for name in $uuid b c; do
		old $name
		for value in boot=on host_hostname=$name.example.org \
		    release=tiny tag="the $name" type=jail; do
			zfs set "org.freebsd.iocage:$value" "$at" ||
			    atf_fail "no property"
		done
	done
	prints "b	yes	the b
c	yes	the c
$uuid	yes	the $uuid" list -H -o name,boot,tags
	runs b b.example.org
	# What somebody else has made of it is not obeyed.
	zfs set org.freebsd.iocage:priority=7 "$pool/iocage/jails"
	prints 0 get priority b
	ok export b "$dir/b.tar"
	ok import copy "$dir/b.tar"
	prints b.example.org get host_hostname copy
	ok destroy -y copy
	ok snapshot create b@one
	ok clone b@one d
	prints "the b" get tags d
	ok destroy -y d
	ok snapshot remove b@one
	# A value that looks like lines is one jail's trouble alone.
	zfs set org.freebsd.iocage:notes="x
$pool/iocage/jails/b	org.freebsd.iocage:exec_start	/pwn" \
	    "$pool/iocage/jails/c"
	state c broken
	"$program" -c "$conf" -q list -H -o name,state,exec_start >out 2>err
	! grep -q pwn out || atf_fail "it was believed"
	grep -q '^b	stopped	' out || atf_fail "$(cat out err)"
	zfs inherit org.freebsd.iocage:notes "$pool/iocage/jails/c"
	ok set notes=changed c
	prints c.example.org get host_hostname c
	prints changed get notes c
	ok destroy -y b c $uuid
	quiet
}

# All at once: what a listing starts does not depend on how many there are.
one_call_do()
{
	needs strace
	old_pool
	for i in 1 2 3 4 5 6; do
		zfs create "$pool/iocage/jails/j$i"
		zfs set org.freebsd.iocage:boot=on "$pool/iocage/jails/j$i"
	done
	strace -f -qq -e trace=execve -e signal=none -o trace \
	    "$program" -c "$conf" list -H -o name,boot >out
	[ "$(grep -c yes out)" -eq 6 ] || atf_fail "$(cat out)"
	n=$(grep -v ENOENT trace | grep -c 'execve("[^"]*/zfs"')
	[ "$n" -le 2 ] || atf_fail "$n calls of zfs"
}

# Those of iocage, with a key for all that there is, and libioc's.
json_do()
{
	old_pool
	old web
	cat >"$src/jails/web/config.json" <<-'E'
	{
	    "CONFIG_VERSION": "34", "allow_raw_sockets": "0",
	    "boot": "off", "comment": "none", "depends": "db cache",
	    "dhcp": 0, "exec_prestart": "/usr/bin/true",
	    "host_hostname": "web.example.org", "host_hostuuid": "web",
	    "interfaces": "vnet0:bridge0", "jail_zfs": 0,
	    "memoryuse": "off", "rlimits": "off", "maxproc": "3:deny",
	    "release": "tiny-p0", "resolver": "1.1.1.1,9.9.9.9",
	    "type": "jail", "vnet0_mac": "02ff60a1 02ff60a2"
	}
	E
	prints "no	db,cache	-	tiny	0" \
	    list -H -o boot,depends,maxproc,release,patch_level
	prints "nameserver 1.1.1.1;nameserver 9.9.9.9" get resolver web
	rm -f "$src/defaults.json"
	echo 'priority = "5"; user { a = "b" }' >"$src/defaults"
	[ -z "$os_no_idmap" ] || echo "$os_no_idmap" >>"$src/defaults"
	prints 5 get priority web
	ok set depends=- web
	runs web web.example.org
	ok set priority=6 defaults
	prints 6 get priority web
	prints b get user.a web
	ok destroy -y web
	quiet
}

atf_init_test_cases()
{
	zcase ucl "a file in UCL"
	zcase properties "properties of the dataset"
	zcase one_call "properties of all jails by one call"
	zcase json "a file of iocage, and defaults"
}
