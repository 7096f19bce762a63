#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of FreeBSD's releases where no FreeBSD is: both stages in jails of this
# system, with a small updater in the place of freebsd-update(8).  The host is one
# made for it, with the test's programs, configuration and key: a root of its own
# in a mount namespace of its own.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/sets.sh"
. "$(atf_get_srcdir)/claims.sh"

# trust WORD...: /etc/freebsd-update.conf.
trust()
{
	printf '%s\n' "$@" >"$dir/host/etc/freebsd-update.conf"
}

# world: a release, a server, its key trusted.
world()
{
	host_begin claims
	cp "$tree/tests/common/fbu-small" "$dir/host/usr/sbin/freebsd-update"
	mirror "$rel"
	get "$rel"
	root=$src/releases/$rel/p0/root
	mkdir "$dir/new"
	echo "a key" >"$server/pub.ssl"
	key=$(sha256 "$server/pub.ssl")
	trust "KeyPrint $key" "ServerName server" "Components src kernel"
}

# line BASE PATH: what an index says of it.
line()
{
	if [ -L "$1$2" ]; then
		echo "$2|L|$(stat -c '%u|%g|%a' "$1$2")|0|$(readlink "$1$2")|"
	elif [ -d "$1$2" ]; then
		echo "$2|d|$(stat -c '%u|%g|%a' "$1$2")|0||"
	else
		echo "$2|f|$(stat -c '%u|%g|%a' "$1$2")|0|$(sha256 "$1$2")|"
	fi
}

# offer PATCH GONE...: what $dir/new has takes the place of what the release has.
offer()
{
	patch=$1
	shift
	rm -rf "$server/m" "$server/t" "$server/f"
	mkdir "$server/m" "$server/t" "$server/f"
	(cd "$dir/new" && find . -mindepth 1 | sed 's,^\.,,') | LC_ALL=C sort >paths
	while read -r path; do
		line "$dir/new" "$path"
		[ -L "$dir/new$path" ] || [ -d "$dir/new$path" ] ||
		    gzip -nc <"$dir/new$path" \
		    >"$server/f/$(sha256 "$dir/new$path").gz"
	done <paths >index.new
	while read -r path; do
		[ ! -e "$root$path" ] || line "$root" "$path"
	done <paths >index.old
	for path; do
		line "$root" "$path"
	done >>index.old
	LC_ALL=C sort -o index.old index.old
	for i in NEW OLD; do
		case $i in NEW) index=index.new ;; *) index=index.old ;; esac
		cp $index "$server/m/$(sha256 $index)"
		echo "INDEX-$i|$(sha256 $index)"
	done >tindex
	cp tindex "$server/t/$(sha256 tindex)"
	echo "freebsd-update|amd64|$rel|$patch|$(sha256 tindex)|2000000000" \
	    >"$server/latest"
	sign
}

sign()
{
	cat "$server/pub.ssl" "$server/latest" | openssl dgst -sha256 -r |
	    cut -d' ' -f1 >"$server/latest.sig"
}

# patched N: a fix in a program, in one that is set-id, a new file, one that goes.
patched()
{
	rm -rf "$dir/new"
	mkdir -p "$dir/new/bin" "$dir/new/usr/bin" "$dir/new/etc"
	printf '#!/bin/sh\nUSERLAND_VERSION="%s"\n' "$rel-p$1" \
	    >"$dir/new/bin/freebsd-version"
	chmod 755 "$dir/new/bin/freebsd-version"
	echo "su of $1" >"$dir/new/usr/bin/su"
	chmod 4755 "$dir/new/usr/bin/su"
	echo new >"$dir/new/usr/bin/brandnew"
	printf 'root:x:0:\nnew:x:7:\n' >"$dir/new/etc/group"
	ln -s brandnew "$dir/new/usr/bin/link"
	offer "$1" /usr/sbin/mail
}

whole_do()
{
	world
	patched 3
	all_of p0 >was
	says 'from patch level 0 to 1' update "$rel"
	next=$src/releases/$rel/p1/root
	for f in usr/bin/su usr/bin/brandnew bin/freebsd-version; do
		atf_check cmp "$dir/new/$f" "$next/$f"
	done
	[ "$(stat -c '%a %u:%g' "$next/usr/bin/su")" = '4755 0:0' ] ||
	    atf_fail "su: $(stat -c '%a %u:%g' "$next/usr/bin/su")"
	[ "$(readlink "$next/usr/bin/link")" = brandnew ] || atf_fail "no link"
	atf_check test ! -e "$next/usr/sbin/mail"
	atf_check test ! -e "$next/.ioc-updates" -a ! -e "$next/.ioc-scratch"
	prints "$rel-p3" list -r -H -o version
	ok verify "$rel"
	all_of p0 | cmp - was || atf_fail "the old level has changed"
	says 'nothing to be done' update "$rel"
	says 'back at patch level 0' update --rollback "$rel"
	# Fetched now, applied when there is no server any more.
	says 'are kept' update --fetch-only "$rel"
	mv "$server" "$server.gone"
	says 'from patch level 0 to 2' update "$rel"
	atf_check cmp "$dir/new/usr/bin/su" "$src/releases/$rel/p2/root/usr/bin/su"
	refuses 1 'freebsd-update' update "$rel"
	no_leaks
}

refused_do()
{
	world
	patched 3
	all_of p0 >was
	# 51: older than what is there, though it is signed.
	patched 0
	refuses 1 'older than what is there' update "$rel"
	patched 3
	# A key that the host does not trust, and text that nobody has signed.
	trust "KeyPrint 0${key#?}" "ServerName server"
	refuses 1 'freebsd-update.*incorrect hash' update "$rel"
	trust "KeyPrint $key" "ServerName ../../etc"
	refuses 1 'ServerName' update "$rel"
	trust nothing
	refuses 1 'KeyPrint' update "$rel"
	rm "$dir/host/etc/freebsd-update.conf"
	refuses 1 'freebsd-update.conf' update "$rel"
	trust "KeyPrint $key" "ServerName server"
	sed -i 's/|3|/|4|/' "$server/latest"
	refuses 1 'invalid signature' update "$rel"
	# Of another release, and what is not as it was signed.
	sed -i "s/$rel/13.2-RELEASE/" "$server/latest"
	sign
	refuses 1 'are of 13.2-RELEASE' update "$rel"
	patched 3
	for f in "$server"/f/*.gz; do
		echo evil | gzip -nc >"$f"
	done
	refuses 1 'not what was signed' update "$rel"
	# No updater, and one that ends before its end and calls that success.
	printf '#!/bin/sh\nexit 0\n' >"$dir/host/usr/sbin/freebsd-update"
	refuses 1 'did not come to its end' update "$rel"
	rm "$dir/host/usr/sbin/freebsd-update"
	refuses 1 "no /usr/sbin/freebsd-update: it is part of FreeBSD's base" \
	    update "$rel"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# What does not do what the index says is no update; nor is what comes after it.
wrong_do()
{
	world
	patched 3
	all_of p0 >was
	updater=$dir/host/usr/sbin/freebsd-update
	cp "$updater" "$dir/good"
	for line in 'echo evil >/usr/bin/brandnew' 'chmod 755 /usr/bin/su' \
	    'rm /usr/bin/link; ln -s /etc /usr/bin/link' \
	    'chown 7 /usr/bin/brandnew' 'echo back >/usr/sbin/mail' \
	    'rm -r /usr/bin; ln -s / /usr/bin' 'exit 1'; do
		sed "s,^	echo \"done.\",	$line," "$dir/good" >"$updater"
		refuses 1 '/usr/bin|/usr/sbin/mail|exit status 1' update "$rel"
	done
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# 48: in both stages somebody attacks; its work is done when nothing succeeded.
attack_48_do()
{
	world
	patched 3
	echo secret >"$dir/marker"
	stays=$((200000 + $$))
	all_of p0 >was
	# Stage one: what a patch may make of the host's updater.
	updater=$dir/host/usr/sbin/freebsd-update
	{
		sed '/^\$command$/d' "$updater"
		echo 'worked() { echo "attack: $*"; exit 7; }'
		cat <<-END
		if [ \$command = fetch ]; then
			[ ! -e '$dir/marker' ] || worked a file of the host
			(echo x >/.ioc-base/etc/x) 2>/dev/null && worked base
			(echo x >/bin/x) 2>/dev/null && worked programs
			mount -o remount,rw /.ioc-base 2>/dev/null &&
			    worked remount
			chroot /.ioc-base /bin/true 2>/dev/null && worked run
			for f in freebsd-update pkgbase-apply pkg-static; do
				rm -f /.ioc-updates/\$f
				echo 'echo x >/usr/bin/planted' >/.ioc-updates/\$f
			done
		else
			[ ! -e /usr/bin/planted ] || worked planted
			(echo x >/.ioc-updates/x) 2>/dev/null && worked updates
			(echo x >>/.ioc-updates/freebsd-update) 2>/dev/null &&
			    worked script
			umount /.ioc-updates 2>/dev/null && worked umount
			wget -q -O /x http://127.0.0.1:$port/ 2>/dev/null &&
			    worked network
		fi
		mount -t tmpfs none /tmp 2>/dev/null && worked mount
		mknod /tmp/z c 1 5 2>/dev/null && head -c 1 /tmp/z && worked device
		hostname evil 2>/dev/null && worked hostname
		kill -9 $$ 2>/dev/null && worked kill
		setsid sleep $stays >/dev/null 2>&1 &
		\$command
		END
	} >"$dir/evil"
	cp "$dir/evil" "$updater"
	# The twin is an updater that only changes its root, as all did before.
	mkdir -p "$dir/host/.ioc-base/etc" "$dir/twin"
	cp -a "$root/." "$dir/twin/"
	mkdir "$dir/twin/.ioc-updates"
	printf 'WorkDir /tmp\n' >"$dir/host/etc/twin.conf"
	atf_check -s exit:7 -o match:'^attack: base' -e ignore unshare -m \
	    chroot "$dir/host" /usr/sbin/freebsd-update -f /etc/twin.conf fetch
	cp "$updater" "$dir/twin/.ioc-updates/freebsd-update"
	atf_check -s exit:7 -o match:'^attack: updates' -e ignore unshare -m \
	    chroot "$dir/twin" /bin/sh /.ioc-updates/freebsd-update -d /tmp install
	rm -rf "$dir/host/.ioc-base" "$dir/host/bin/x"
	says 'from patch level 0 to 1' update "$rel"
	# What stage two obeys was written when stage one had ended.
	atf_check test ! -e "$src/releases/$rel/p1/root/usr/bin/planted"
	atf_check cmp "$dir/new/usr/bin/su" "$src/releases/$rel/p1/root/usr/bin/su"
	# shellcheck disable=SC2009
	! ps -e -o args= | grep -qx "sleep $stays" ||
	    atf_fail "a process was left behind"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# A jail that owns its root: what its owner changed is left alone.
jail_do()
{
	world
	patched 3
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	echo mine >"$own/etc/group"
	rm "$own/usr/bin/su2"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/new/usr/bin/su" "$own/usr/bin/su"
	atf_check -o inline:"mine\n" cat "$own/etc/group"
	atf_check test ! -e "$own/usr/sbin/mail" -a ! -e "$own/.ioc-updates"
	says 'as before' update --rollback web
	atf_check cmp "$root/usr/bin/su" "$own/usr/bin/su"
	ok create -r "$rel" thin
	refuses 1 'shares the directories|only a thick jail' update thin
	no_leaks
}

atf_init_test_cases()
{
	testcase whole "fetched, applied, gone back, kept"
	testcase refused "what is not to be trusted, or too old"
	testcase wrong "what is not what the index says"
	testcase attack_48 "both stages attack"
	testcase jail "a jail that owns its root"
}
