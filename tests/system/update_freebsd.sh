#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of FreeBSD: the host's own freebsd-update(8) against a server of the
# test's, with a key of its own.  For that the host's configuration is replaced
# while a case runs.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/genuine.sh"

conf_of_host=/etc/freebsd-update.conf
server=$tree/tests/common/fbu-server

# world: a source, a release made of IOC_TEST_BASE, a server, its key trusted.
world()
{
	genuine
	needs freebsd-update
	begin
	base_release
	mkdir "$dir/new" "$dir/srv"
	key=$("$server" key "$dir/srv") || atf_skip "no openssl"
	cp -p "$conf_of_host" "$dir/saved.conf"
	printf '# of the test\nKeyPrint %s\nServerName 127.0.0.1\nComponents src kernel\n' \
	    "$key" >"$conf_of_host"
	"$server" serve "$dir/srv" || atf_skip "no inetd"
}

unworld()
{
	[ -f dir ] || return 0
	dir=$(cat dir)
	[ ! -f "$dir/saved.conf" ] || cp -p "$dir/saved.conf" "$conf_of_host"
	sh "$server" stop "$dir/srv" 2>/dev/null || :
	end
}

# change FILE: a copy of a file of the release, with a line more.
change()
{
	mkdir -p "$dir/new/$(dirname "$1")"
	cp -p "$root/$1" "$dir/new/$1"
	chflags 0 "$dir/new/$1"
	printf '\n# patched\n' >>"$dir/new/$1"
	chflags "$(stat -f %Of "$root/$1")" "$dir/new/$1"
}

# patched N: a fix in a program, in one with a flag, a new file, one that goes.
patched()
{
	[ ! -d "$dir/new" ] || chflags -R 0 "$dir/new"
	rm -rf "$dir/new"
	mkdir -p "$dir/new/bin"
	sed "s/^USERLAND_VERSION=.*/USERLAND_VERSION=\"$rel-p$1\"/" \
	    "$root/bin/freebsd-version" >"$dir/new/bin/freebsd-version"
	chmod 555 "$dir/new/bin/freebsd-version"
	change usr/bin/su
	change etc/networks
	echo new >"$dir/new/usr/bin/brandnew"
	chmod 555 "$dir/new/usr/bin/brandnew"
	rm -rf "$dir/new/etc"
	# Directories are as the release has them.
	(cd "$dir/new" && find . -type d) | while read -r d; do
		chmod "$(stat -f %Mp%Lp "$root/$d")" "$dir/new/$d"
	done
	"$server" publish "$dir/srv" "$rel" "$1" "$root" "$dir/new" \
	    /usr/bin/yes || atf_fail "no updates"
}

whole_do()
{
	world
	patched 3
	cksum "$root/usr/bin/su" "$root/bin/freebsd-version" >"$dir/sums"
	atf_check -o save:out -e save:err "$program" -c "$conf" update "$rel"
	cat out err
	atf_check -o match:'from patch level 0 to 1' cat out
	next=$src/releases/$rel/p1/root
	atf_check cmp "$dir/new/usr/bin/su" "$next/usr/bin/su"
	atf_check -o inline:"new\n" cat "$next/usr/bin/brandnew"
	atf_check test ! -e "$next/usr/bin/yes"
	atf_check test ! -e "$next/.ioc-updates" -a ! -e "$next/.ioc-scratch"
	atf_check -o inline:"$(stat -f %Of "$root/usr/bin/su")\n" \
	    stat -f %Of "$next/usr/bin/su"
	# The old level is as it was.
	cksum "$root/usr/bin/su" "$root/bin/freebsd-version" | cmp - "$dir/sums" ||
	    atf_fail "the old level has changed"
	atf_check test -e "$root/usr/bin/yes"
	says "$rel-p3" list -r -H -o version
	says 'nothing to be done' update "$rel"
	forgotten
}

# 51: metadata older than what is installed.
older_do()
{
	world
	patched 3
	ok update "$rel"
	patched 2
	refuses 1 'older' update "$rel"
	forgotten
}

# A key that the host does not trust, a file that is not what was signed.
forged_do()
{
	world
	patched 3
	printf 'KeyPrint %s\nServerName 127.0.0.1\n' \
	    "$(echo "$key" | tr 0-9a-f 1-9a-f0)" >"$conf_of_host"
	refuses 1 'freebsd-update' update "$rel"
	cp "$dir/saved.conf" "$conf_of_host"
	printf 'KeyPrint %s\nServerName 127.0.0.1\n' "$key" >"$conf_of_host"
	for f in "$dir/srv/www/$rel"/*/f/*.gz; do
		echo evil | gzip -nc >"$f"
	done
	refuses 1 'freebsd-update' update "$rel"
	echo nothing >"$conf_of_host"
	refuses 1 'KeyPrint' update "$rel"
	forgotten
}

# 48: a program of the release attacks from within stage two, and does its work
# only when nothing of it has succeeded.
hostile_do()
{
	world
	patched 3
	chflags 0 "$root/usr/bin/install"
	mv "$root/usr/bin/install" "$root/usr/bin/install.real"
	{
		cat <<-'END'
		#!/bin/sh
		worked()
		{
			echo "attack: $*"
			exit 7
		}
		END
		attempts freebsd-update
		echo 'exec /usr/bin/install.real "$@"'
	} >"$root/usr/bin/install"
	chmod 555 "$root/usr/bin/install"
	atf_check -o match:'from patch level 0 to 1' -e save:err \
	    "$program" -c "$conf" update "$rel"
	forgotten
}

# A jail of the same release: what its owner changed is left alone.
jail_do()
{
	world
	patched 3
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	rm -f "$own/usr/bin/brandnew"
	echo mine >"$own/etc/mine"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/new/usr/bin/su" "$own/usr/bin/su"
	atf_check -o inline:"mine\n" cat "$own/etc/mine"
	atf_check test ! -e "$own/usr/bin/yes" -a ! -e "$own/.ioc-updates"
	says 'as before' update --rollback web
	atf_check cmp "$root/usr/bin/su" "$own/usr/bin/su"
	# What runs is updated by its next start.
	ok start web
	says 'its next start applies' update web
	atf_check cmp "$root/usr/bin/su" "$own/usr/bin/su"
	ok restart web
	atf_check cmp "$dir/new/usr/bin/su" "$own/usr/bin/su"
	ok stop web
	forgotten
}

atf_init_test_cases()
{
	gcase whole "a release is updated by the host's freebsd-update"
	gcase older "metadata older than what is installed is refused"
	gcase hostile "stage two attacks, and gets nowhere"
	gcase jail "a jail that owns its root is updated, and goes back"
	gcase forged "what the host's key did not sign is refused"
}
