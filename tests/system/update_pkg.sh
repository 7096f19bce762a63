#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of FreeBSD's releases that are made of packages, where no FreeBSD is: both
# stages in jails of this system, on a host made for it (claims.sh), with a small
# package manager in the place of pkg(8).  With IOC_TEST_PKG, a folder with pkg and
# pkg-static built for this system, it is the genuine one.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/sets.sh"
. "$(atf_get_srcdir)/claims.sh"
. "$(atf_get_srcdir)/pkgs.sh"

rel=15.0-RELEASE
abi=FreeBSD:15:amd64

# genuine: the real pkg(8), for which the repository is served within the jail of
# stage one; it brings itself along, as it is copied for stage two.
genuine()
{
	size=$(wc -c <"$IOC_TEST_PKG/pkg-static")
	{
		printf '#!/bin/sh\nsize=%d\n' "$size"
		cat <<-'END'
		conf=/.ioc-updates/theirs/base.conf
		if [ -d /.ioc-base ]; then
			sed -i 's,https://server,http://127.0.0.1:8000/server,' \
			    $conf
			httpd -p 127.0.0.1:8000 -h /usr/share/misc
		fi 2>/dev/null
		tail -c "$size" "$0" >/tmp/pkg-real
		chmod 755 /tmp/pkg-real
		/tmp/pkg-real "$@"
		status=$?
		rm -f /tmp/pkg-real
		exit $status
		END
		cat "$IOC_TEST_PKG/pkg-static"
	} >"$host_pkg"
}

# world: a release made of packages, a host with a pkg(8), a key that it trusts.
world()
{
	host_begin claims
	host_pkg=$dir/host/usr/local/sbin/pkg-static
	keys=$dir/host/usr/share/keys/pkgbase-15
	place=$server/$abi/base_release_0
	mkdir -p "${host_pkg%/*}" "$keys/trusted" "$dir/packages"
	if [ -n "${IOC_TEST_PKG-}" ]; then
		tool=$IOC_TEST_PKG/pkg
		export ABI="$abi" OSVERSION=1500068
		genuine
	else
		tool=$tree/tests/common/pkg-small
		cp "$tool" "$host_pkg"
	fi
	chmod 755 "$host_pkg"
	new_key
	echo 'ioc_packages_FREEBSD="https://server"' >>"$conf"
	tree "$dir/base"
	# Whom pkg(8) makes itself before it reads what is foreign.
	echo 'nobody:x:65534:65534::/:/bin/false' >>"$dir/base/etc/passwd"
	echo 'alice:x:1000:1000::/:/bin/sh' >"$dir/host/etc/passwd"
	mkdir -p "$dir/base/var/db/pkg"
	patched 0
	"$tool" -r "$dir/base" add "$dir"/packages/*.pkg \
	    >out 2>&1 || atf_fail "add: $(cat out)"
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	ok fetch --arch amd64 --no-update -F "$dir/files" "$rel"
	root=$src/releases/$rel/p0/root
}

# patched N [SCRIPT]: two packages of that patch level, one that is not installed.
patched()
{
	rm -rf "$dir/new" "$dir/more" "$dir/packages"
	mkdir -p "$dir/new/bin" "$dir/new/usr/bin" "$dir/new/etc" \
	    "$dir/more/usr/bin" "$dir/packages"
	version=15.0p$1
	[ "$1" != 0 ] || version=15.0
	printf '#!/bin/sh\nUSERLAND_VERSION="%s"\n' "$rel-p$1" \
	    >"$dir/new/bin/freebsd-version"
	chmod 755 "$dir/new/bin/freebsd-version"
	echo "su of $1" >"$dir/new/usr/bin/su"
	echo "motd of $1" >"$dir/new/etc/motd"
	[ "$1" = 0 ] || echo new >"$dir/new/usr/bin/brandnew"
	echo "tool of $1" >"$dir/more/usr/bin/tool"
	if [ $# -gt 1 ]; then
		package FreeBSD-runtime "$version" "$dir/new" "$2"
	else
		package FreeBSD-runtime "$version" "$dir/new"
	fi
	package FreeBSD-utilities "$version" "$dir/more"
	[ "$1" = 0 ] || package FreeBSD-extra "$version" "$dir/more"
	[ "$1" = 0 ] || offer
}

whole_do()
{
	world
	patched 3
	all_of p0 >was
	"$program" -c "$conf" -n update "$rel" >list 2>err ||
	    atf_fail "list: $(cat err)"
	atf_check -o match:'FreeBSD-runtime.*15\.0 .*15\.0p3' cat list
	atf_check -o not-match:'FreeBSD-extra' cat list
	says 'from patch level 0 to 1' update "$rel"
	next=$src/releases/$rel/p1/root
	for f in usr/bin/su usr/bin/brandnew bin/freebsd-version etc/motd; do
		atf_check cmp "$dir/new/$f" "$next/$f"
	done
	atf_check cmp "$dir/more/usr/bin/tool" "$next/usr/bin/tool"
	has "$next" FreeBSD-runtime 15.0p3
	has "$next" FreeBSD-utilities 15.0p3
	# Nothing of the updater, nor of its repository.
	for f in .ioc-updates .ioc-scratch .ioc-pkg var/db/pkg/repos \
	    var/db/pkg/local.sqlite.new; do
		atf_check test ! -e "$next/$f"
	done
	prints "$rel-p3" list -r -H -o version
	ok verify "$rel"
	all_of p0 | cmp - was || atf_fail "the old level has changed"
	says 'nothing to be done' update "$rel"
	says 'back at patch level 0' update --rollback "$rel"
	# Fetched now, applied when there is no repository any more.
	says 'are kept' update --fetch-only "$rel"
	mv "$place" "$place.gone"
	says 'from patch level 0 to 2' update "$rel"
	atf_check cmp "$dir/new/usr/bin/su" "$src/releases/$rel/p2/root/usr/bin/su"
	refuses 1 'exit status' update "$rel"
	no_leaks
}

refused_do()
{
	world
	patched 3
	ok update "$rel"
	all_of p1 >was
	# 51: older than what is there, though it is signed.
	patched 2
	refuses 1 'FreeBSD-.*15\.0p2, which is older than what is there' \
	    update "$rel"
	patched 4
	trust "$(sha256 "$dir/key" | tr 0-9a-f 1-9a-f0)"
	refuses 1 'No trusted|keys vouch|trusted/' update "$rel"
	rm "$keys/trusted/test"
	refuses 1 'No trusted|keys vouch|trusted/' update "$rel"
	rmdir "$keys/trusted"
	refuses 1 'no /usr/share/keys/pkgbase-15/trusted' update "$rel"
	mkdir "$keys/trusted"
	trust "$(sha256 "$dir/key")"
	# A package that is not what was signed.
	for f in "$place"/FreeBSD-*.pkg; do
		printf evil | dd of="$f" bs=1 conv=notrunc 2>/dev/null
	done
	refuses 1 'failed checksum|wrong checksum' update "$rel"
	# Packages of another release under this one's address.
	rm "$dir"/packages/*
	package FreeBSD-runtime 15.1p4 "$dir/new"
	package FreeBSD-utilities 15.1p4 "$dir/more"
	offer
	refuses 1 'version 15\.1p4 is none of 15\.0-RELEASE' update "$rel"
	all_of p1 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# The root's list is damaged, and hosts that cannot.
unable_do()
{
	world
	patched 3
	cp "$root/var/db/pkg/local.sqlite" good
	list=$root/var/db/pkg/local.sqlite
	{ echo garbage; cat good; } >"$list"
	refuses 1 'malformed|database|list of packages|exit status' update "$rel"
	# It says nothing of FreeBSD's packages: sets, for which this host has
	# no updater.
	echo nothing >"$list"
	refuses 1 'no /usr/sbin/freebsd-update' update "$rel"
	rm "$list"
	mkfifo "$list"
	refuses 1 'no /usr/sbin/freebsd-update' update "$rel"
	rm "$list"
	ln -s /etc/passwd "$list"
	refuses 1 'no /usr/sbin/freebsd-update' update "$rel"
	rm "$list"
	cp good "$list"
	# One that ends before its end and calls that success.
	printf '#!/bin/sh\nexit 0\n' >"$host_pkg"
	refuses 1 'list of packages' update "$rel"
	rm "$host_pkg"
	refuses 1 'no /usr/local/sbin/pkg-static: install it' update "$rel"
	no_leaks
}

# What was in the packages is what must be there, whatever a script makes of it.
wrong_do()
{
	world
	patched 3
	all_of p0 >was
	for line in 'echo evil >/usr/bin/brandnew' 'rm /usr/bin/brandnew' \
	    'rm /usr/bin/brandnew; mkdir /usr/bin/brandnew' \
	    'rm -r /usr/bin; ln -s / /usr/bin' 'rm -r /var/db/pkg' ; do
		echo "$line" >script
		patched 3 script
		refuses 1 '/usr/bin/|exit status' update "$rel"
	done
	[ -n "${IOC_TEST_PKG-}" ] || for line in \
	    's,register "$from/$file",:,' \
	    's/^		installed$/echo FreeBSD-runtime 15.0p9/'; do
		patched 3
		sed "$line" "$tool" >"$host_pkg"
		refuses 1 'FreeBSD-(runtime|utilities) (has version|was not)|older' \
		    update "$rel"
	done
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

attack_48_do()
{
	world
	echo secret >"$dir/marker"
	stays=$((200000 + $$))
	all_of p0 >was
	# Stage two: a package's script; what succeeds it tells.
	cat >script <<-END
	worked() { echo "\$*" >>/usr/bin/brandnew; }
	[ ! -e '$dir/marker' ] || worked a file of the host
	(echo x >/.ioc-updates/x) 2>/dev/null && worked updates
	(echo x >>/.ioc-updates/pkg-static) 2>/dev/null && worked program
	mount -o remount,rw /.ioc-updates 2>/dev/null && worked remount
	umount /.ioc-updates 2>/dev/null && worked umount
	mount -t tmpfs none /tmp 2>/dev/null && worked mount
	mknod /tmp/z c 1 5 2>/dev/null && head -c 1 /tmp/z && worked device
	hostname evil 2>/dev/null && worked hostname
	wget -q -O /x http://127.0.0.1:80/ 2>/dev/null && worked network
	kill -9 $$ 2>/dev/null && worked kill
	setsid sleep $stays >/dev/null 2>&1 &
	exit 0
	END
	# The twin is a pkg(8) that is simply run on the root.
	patched 3
	cp -a "$root" "$dir/twin"
	echo "touch '$dir/host/reached'" >twin
	package FreeBSD-runtime 15.0p3 "$dir/new" twin
	"$tool" -r "$dir/twin" add \
	    "$dir/packages/FreeBSD-runtime-15.0p3.pkg" >/dev/null 2>&1
	[ -n "${IOC_TEST_PKG-}" ] || atf_check test -e "$dir/host/reached"
	rm -f "$dir/host/reached"
	patched 3 script
	says 'from patch level 0 to 1' update "$rel"
	atf_check -o inline:"new\n" cat "$src/releases/$rel/p1/root/usr/bin/brandnew"
	# shellcheck disable=SC2009
	! ps -e -o args= | grep -qx "sleep $stays" ||
	    atf_fail "a process was left behind"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# 48: somebody who controls pkg(8) in stage one, by a repository or a database.
attack_48_fetch_do()
{
	[ -z "${IOC_TEST_PKG-}" ] || atf_skip "of the small one only"
	world
	patched 3
	echo secret >"$dir/marker"
	all_of p0 >was
	cp "$host_pkg" good
	{
		sed '/^case \$command in/,$d' good
		cat <<-END
		worked() { echo "attack: \$*"; exit 7; }
		if [ -d /.ioc-base ]; then
			[ ! -e '$dir/marker' ] || worked a file of the host
			(echo x >/.ioc-base/etc/x) 2>/dev/null && worked base
			(echo x >/bin/x) 2>/dev/null && worked programs
			mount -o remount,rw /.ioc-base 2>/dev/null &&
			    worked remount
			chroot /.ioc-base /bin/true 2>/dev/null && worked run
			[ ! -e /etc/ioc.conf ] || worked configuration
			! grep -rq alice /etc 2>/dev/null || worked users
			mkdir -p /.ioc-updates/ours
			for f in pkgbase-apply pkg-static apply.conf ours/z.conf
			do
				rm -f /.ioc-updates/\$f
				echo 'echo x >/usr/bin/planted' >/.ioc-updates/\$f
			done
			echo ' url: "file:///x"' >>/.ioc-updates/ours/z.conf
		elif [ -e /usr/bin/planted ]; then
			worked planted
		fi
		\$command "\$@"
		END
	} >"$host_pkg"
	says 'from patch level 0 to 1' update "$rel"
	# What stage two obeys was written when stage one had ended.
	atf_check test ! -e "$src/releases/$rel/p1/root/usr/bin/planted"
	atf_check cmp "$dir/new/usr/bin/su" "$src/releases/$rel/p1/root/usr/bin/su"
	says 'back at' update --rollback "$rel"
	# What it leaves is read strictly.
	for line in 'echo "../x 15.0p3"' 'echo "FreeBSD-runtime"' \
	    'echo -n "FreeBSD-runtime 15.0p3"' 'echo "vim 15.0p3"' \
	    'echo "FreeBSD-x; 15.0p3"' 'echo "FreeBSD-runtime 15.0p7"'; do
		sed "s|^	'%n %v') echo .*|	'%n %v') $line ;;|" good >"$host_pkg"
		refuses 1 'state/packages|no package of|not in the' update "$rel"
	done
	sed "s|echo \"\$name 1\\\\\$\$(tar .*|echo \"\$name - /a/../../\$path\"|" \
	    good >"$host_pkg"
	refuses 1 'a path "/a/' update "$rel"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# A jail that owns its root: what its owner has changed or removed stays so.
jail_do()
{
	world
	patched 3
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	echo mine >"$own/etc/motd"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/new/usr/bin/su" "$own/usr/bin/su"
	has "$own" FreeBSD-runtime 15.0p3
	[ -n "${IOC_TEST_PKG-}" ] || rm -f "$own/etc/motd.pkgnew"
	atf_check test ! -e "$own/.ioc-updates" -a ! -e "$own/.ioc-pkg"
	says 'as before' update --rollback web
	atf_check cmp "$root/usr/bin/su" "$own/usr/bin/su"
	# One whose base system is not of the release's kind any more.
	rm "$own/var/db/pkg/local.sqlite"
	atf_check -s exit:1 -o ignore -e match:'of sets, and its release.s of pack' \
	    "$program" -c "$conf" update web
	no_leaks
}

atf_init_test_cases()
{
	testcase whole "fetched, applied, gone back, kept"
	testcase refused "what is not to be trusted, or too old"
	testcase unable "damaged lists, and hosts without what is needed"
	testcase wrong "what is not what was in the packages"
	testcase attack_48 "scripts of packages attack"
	testcase attack_48_fetch "stage one attacks"
	testcase jail "a jail that owns its root"
}
