#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of HardenedBSD's releases: both stages in jails of this system, with a
# small updater in the place of hbsd-update(8), on a host made for it.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/sets.sh"
. "$(atf_get_srcdir)/claims.sh"

rel=14-STABLE
record=amd64.14-stable.hardened.test

# conf_with LINE...: an hbsd-update.conf, of which a line here takes the place of
# the one that assigns to the same name.
conf_with()
{
	{
		cat <<-'END'
		# Configuration of hbsd-update
		dnsrec="$(uname -m).14-stable.hardened.test"
		#kernel="HARDENEDBSD"
		capath="/usr/share/keys/hbsd-update/trusted"
		branch="hardened/14-stable"
		baseurl="https://server/pub/${branch}/$(uname -m)"
		END
		printf '%s\n' "$@"
	} | awk '{ k = $0; sub(/=.*/, "", k) }
	    !(k in at) { at[k] = ++n } { line[at[k]] = $0 }
	    END { for (i = 1; i <= n; i++) print line[i] }'
}

# world [LINE...]: a release with such a configuration, a server, its keys trusted.
world()
{
	host_begin claims-hbsd
	cp "$tree/tests/common/hbu-small" "$dir/host/usr/sbin/hbsd-update"
	keys=$dir/host/usr/share/keys/hbsd-update
	folder=$server/../server/pub/hardened/14-stable/amd64
	mkdir -p "$keys/trusted" "$keys/revoked" "$server/../dns" "$folder"
	echo "key of the DNS" >"$keys/trusted/dnssec.key"
	echo "key of updates" >"$dir/pubkey.pem"
	touch "$keys/trusted/$(sha256 "$dir/pubkey.pem")"
	conf_with >"$dir/host/etc/hbsd-update.conf"
	tree "$dir/base"
	conf_with "$@" >"$dir/base/etc/hbsd-update.conf"
	mkdir -p "$dir/base/usr/include/sys" "$dir/base/boot" \
	    "$dir/base/var/db/etcupdate/current/etc" "$dir/base/var/empty"
	printf '#define\t__HardenedBSD_version\t1400050UL\n' \
	    >"$dir/base/usr/include/sys/pax.h"
	printf '#!/bin/sh\nUSERLAND_VERSION="14.1-STABLE-HBSD"\n' \
	    >"$dir/base/bin/freebsd-version"
	cp "$tree/tests/common/etcupdate-small" "$dir/base/usr/sbin/etcupdate"
	echo old >"$dir/base/etc/motd"
	cp "$dir/base/etc/motd" "$dir/base/etc/group" \
	    "$dir/base/etc/hbsd-update.conf" \
	    "$dir/base/var/db/etcupdate/current/etc/"
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	ok fetch --arch amd64 --no-update -F "$dir/files" "$rel"
	root=$src/releases/$rel/p0/root
}

# fixed N: the tree of version N, in $dir/new: fixes, a new file, and one of /etc.
fixed()
{
	rm -rf "$dir/new" "$dir/set"
	mkdir "$dir/set"
	cp -a "$dir/base" "$dir/new"
	echo "su of $1" >"$dir/new/usr/bin/su"
	chmod 4755 "$dir/new/usr/bin/su"
	echo new >"$dir/new/usr/bin/brandnew"
	echo "motd of $1" >"$dir/new/etc/motd"
	printf '#define\t__HardenedBSD_version\t%sUL\n' "$1" \
	    >"$dir/new/usr/include/sys/pax.h"
	printf '#!/bin/sh\nUSERLAND_VERSION="14.%s-STABLE-HBSD"\n' "$1" \
	    >"$dir/new/bin/freebsd-version"
	rm "$dir/new/usr/sbin/mail"
	printf './etc\n./proc\n./var/empty\n' >"$dir/set/skip.txt"
	echo /usr/sbin/mail >"$dir/set/ObsoleteFiles.txt"
	echo '# rules' >"$dir/set/secadm.integriforce.rules"
	tar -C "$dir" -cf "$dir/set/mtree.tar" base/boot
}

# signed FILE: it is.
signed()
{
	cat "$dir/pubkey.pem" "$dir/set/$1" | sha512sum | cut -d' ' -f1 \
	    >"$dir/set/$1.sig"
}

# published N: what $dir/set and $dir/new have, as version N.
published()
{
	version=hbsd-v$1-0123456789abcdef0123456789abcdef01234567
	mkdir -p "$dir/tbz/etc"
	cp "$dir/new/etc/motd" "$dir/new/etc/group" \
	    "$dir/new/etc/hbsd-update.conf" "$dir/tbz/etc/"
	tar -C "$dir/tbz" --numeric-owner -cjf "$dir/set/etcupdate.tbz" .
	tar -C "$dir/new" --numeric-owner -cJf "$dir/set/base.txz" .
	cp "$dir/pubkey.pem" "$dir/set/"
	for path in "$dir"/set/*; do
		case $path in
		*.sig | */pubkey.pem) ;;
		*) signed "${path##*/}" ;;
		esac
	done
	packed
}

packed()
{
	tar -C "$dir/set" -cf "$folder/update-$version.tar" .
	echo "1700000000|$version|sha256:$(sha256 "$folder/update-$version.tar")" \
	    >"$server/../dns/$record"
	cat "$keys/trusted/dnssec.key" "$server/../dns/$record" | sha256sum |
	    cut -d' ' -f1 >"$server/../dns/$record.sig"
}

offer()
{
	fixed "$1"
	published "$1"
}

whole_do()
{
	world
	offer 1400052
	all_of p0 >was
	says "base.* - .*$version|base.*$version" update -n "$rel"
	says 'from patch level 0 to 1' update "$rel"
	next=$src/releases/$rel/p1/root
	for f in usr/bin/su usr/bin/brandnew bin/freebsd-version etc/motd \
	    usr/include/sys/pax.h; do
		atf_check cmp "$dir/new/$f" "$next/$f"
	done
	[ "$(stat -c '%a %u:%g' "$next/usr/bin/su")" = '4755 0:0' ] ||
	    atf_fail "su: $(stat -c '%a %u:%g' "$next/usr/bin/su")"
	atf_check -o "inline:$version\n" cat "$next/var/db/hbsd-update/version"
	atf_check test ! -e "$next/usr/sbin/mail"
	atf_check test -e "$next/etc/secadm.d/base.integriforce.rules"
	atf_check test ! -e "$next/.ioc-updates" -a ! -e "$next/.ioc-scratch"
	prints "14.1400052-STABLE-HBSD" list -r -H -o version
	ok verify "$rel"
	all_of p0 | cmp - was || atf_fail "the old level has changed"
	says 'nothing to be done' update "$rel"
	# Fetched now, applied when there is no server any more.
	offer 1400053
	says 'are kept' update --fetch-only "$rel"
	mv "$server/../dns" "$server.gone"
	says 'from patch level 1 to 2' update "$rel"
	atf_check cmp "$dir/new/usr/bin/su" \
	    "$src/releases/$rel/p2/root/usr/bin/su"
	refuses 1 'hbsd-update: exit status 1: .*could not get DNS' update "$rel"
	says 'back at patch level 1' update --rollback "$rel"
	no_leaks
}

refused_do()
{
	world
	offer 1400052
	all_of p0 >was
	# 51: older than what is there, or of another branch, though it is signed.
	offer 1400049
	refuses 1 'older than what is there' update "$rel"
	offer 1500001
	refuses 1 'of another branch' update "$rel"
	# A record that nobody signed, an archive that is another one.
	offer 1400052
	echo "1|$version|sha256:$(sha256 "$dir/pubkey.pem")" \
	    >"$server/../dns/$record"
	refuses 1 'hbsd-update.*DNSSEC' update "$rel"
	packed
	echo more >>"$folder/update-$version.tar"
	refuses 1 'hash for the update' update "$rel"
	# Files that are not signed, or otherwise, or missing; keys likewise.
	for file in base.txz etcupdate.tbz skip.txt mtree.tar \
	    ObsoleteFiles.txt secadm.integriforce.rules; do
		offer 1400052
		echo x >>"$dir/set/$file"
		packed
		refuses 1 "$file failed to validate" update "$rel"
		rm "$dir/set/$file.sig"
		packed
		refuses 1 "$file failed to validate" update "$rel"
	done
	offer 1400052
	cp "$dir/pubkey.pem" "$keys/revoked/one"
	refuses 1 'revoked' update "$rel"
	rm "$keys/revoked/one"
	mv "$keys/trusted/$(sha256 "$dir/pubkey.pem")" "$keys/trusted/0"
	refuses 1 'public key' update "$rel"
	mv "$keys/trusted/0" "$keys/trusted/$(sha256 "$dir/pubkey.pem")"
	# The host's own configuration.
	hostconf=$dir/host/etc/hbsd-update.conf
	conf_with 'capath="/tmp/keys"' >"$hostconf"
	refuses 1 'capath' update "$rel"
	conf_with 'dnssec="perhaps"' >"$hostconf"
	refuses 1 'dnssec' update "$rel"
	conf_with 'echo hello' >"$hostconf"
	refuses 1 'line [0-9]*: neither' update "$rel"
	rm "$hostconf"
	refuses 1 'hbsd-update.conf' update "$rel"
	conf_with >"$hostconf"
	# No updater, and one that ends before its end and calls that success.
	printf '#!/bin/sh\nexit 0\n' >"$dir/host/usr/sbin/hbsd-update"
	refuses 1 'did not come to its end' update "$rel"
	rm "$dir/host/usr/sbin/hbsd-update"
	refuses 1 "no /usr/sbin/hbsd-update: it is part of HardenedBSD's base" \
	    update "$rel"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# A release whose configuration says more than where its updates are.
conf_do()
{
	world
	offer 1400052
	own=$root/etc/hbsd-update.conf
	# The twin reads it as hbsd-update(8) does.
	conf_with 'dnsrec="$(touch /touched)"' >"$dir/host/etc/twin.conf"
	chroot "$dir/host" /bin/sh -c '. /etc/twin.conf'
	[ -e "$dir/host/touched" ] || atf_fail "the twin was not fooled"
	for line in 'baseurl="http://server/pub"' 'baseurl="https://s/../x"' \
	    'baseurl="https://server/$(id)"' 'dnsrec="-x"' 'dnsrec="a b"' \
	    'dnsrec="$(touch /touched)"' 'rm -rf /' 'capath=`id`' \
	    'unsigned=1' 'AWK=/tmp/evil' 'branch="a";reboot'; do
		conf_with "$line" >"$own"
		refuses 1 'etc/hbsd-update.conf' update "$rel"
	done
	# 'capath' of a release is nobody's, nor is whether DNSSEC is used.
	conf_with 'capath="/usr/share/keys/evil"' 'dnssec="no"' >"$own"
	rm "$server/../dns/$record.sig"
	refuses 1 'DNSSEC' update "$rel"
	conf_with 'dnssec="no"' >"$dir/host/etc/hbsd-update.conf"
	says 'from patch level 0 to 1' update "$rel"
	rm "$own"
	no_leaks
}

# 51: a release with keys of its own, which hbsd-update(8) prefers.
keys_do()
{
	world
	offer 1400052
	mkdir -p "$root/usr/share/keys/hbsd-update/trusted"
	echo evil >"$root/usr/share/keys/hbsd-update/trusted/dnssec.key"
	cat "$root/usr/share/keys/hbsd-update/trusted/dnssec.key" \
	    "$server/../dns/$record" | sha256sum | cut -d' ' -f1 \
	    >"$server/../dns/$record.sig"
	# The twin is shown the root itself.
	mkdir "$dir/host/twin" "$dir/host/twin.tmp"
	conf_with 'dnsrec="amd64.14-stable.hardened.test"' \
	    'baseurl="https://server/pub/hardened/14-stable/amd64"' \
	    >"$dir/host/etc/twin.conf"
	mount --bind "$root" "$dir/host/twin" || atf_skip "no mounts"
	chroot "$dir/host" /bin/env -i PATH=/bin /usr/sbin/hbsd-update -n -f \
	    -c /etc/twin.conf -r /twin -t /twin.tmp -T >twin.out 2>&1
	twin=$?
	umount "$dir/host/twin"
	[ $twin -eq 0 ] || { cat twin.out; atf_fail "the twin was not fooled"; }
	refuses 1 'DNSSEC' update "$rel"
	no_leaks
}

# What was not installed, and what came besides.
wrong_do()
{
	world
	offer 1400052
	all_of p0 >was
	while IFS=@ read -r says line; do
		fixed 1400052
		cat >"$dir/set/script.sh" <<-END
		post_install_hook()
		{
			[ "\$mountpoint" = / ] || return 0
			$line
		}
		END
		published 1400052
		refuses 1 "$says" update "$rel"
	done <<-'END'
	usr/bin/brandnew is not what base.txz has: content@echo evil >/usr/bin/brandnew
	usr/bin/su is not what base.txz has: mode@chmod 755 /usr/bin/su
	usr/bin/brandnew is not what base.txz has: it is missing@rm /usr/bin/brandnew
	usr/bin/brandnew is not what base.txz has: owner@chown 7 /usr/bin/brandnew
	usr/bin is not what base.txz has: type@rm -r /usr/bin; ln -s / /usr/bin
	of version "hbsd-v1400060@echo hbsd-v1400060-0123456 >/var/db/hbsd-update/version
	version: not a version@echo 'a b' >/var/db/hbsd-update/version
	etcupdate did not@rm -r /var/db/etcupdate/current
	etcupdate did not@echo x >/var/db/etcupdate/current/etc/motd
	freebsd-version@rm /bin/freebsd-version
	/etc/a/b was changed here@mkdir -p /var/db/etcupdate/conflicts/etc/a; echo >/var/db/etcupdate/conflicts/etc/a/b
	exit status 1: .*the hook failed@return 1
	END
	all_of p0 | cmp - was || atf_fail "the release has changed"
	no_leaks
}

# 48: a script of the archive attacks in both stages, and so does the updater of
# stage one; the work is done when nothing succeeded.
attack_48_do()
{
	world
	echo secret >"$dir/marker"
	stays=$((200000 + $$))
	all_of p0 >was
	fixed 1400052
	cat >"$dir/set/script.sh" <<-END
	worked() { echo "attack: \$*"; exit 7; }
	[ ! -e '$dir/marker' ] || worked a file of the host
	if [ "\$mountpoint" = / ]; then
		(echo x >/.ioc-updates/x) 2>/dev/null && worked updates
		(echo x >>/.ioc-updates/apply) 2>/dev/null && worked script
		umount /.ioc-updates 2>/dev/null && worked umount
		(echo 'exit 7' >/.ioc-scratch/run; chmod 755 /.ioc-scratch/run
		    /.ioc-scratch/run) 2>/dev/null
		[ \$? -ne 7 ] || worked program
		[ "\$(ls /sys/class/net 2>/dev/null | grep -cv lo)" = 0 ] ||
		    worked network
	else
		(echo x >/.ioc-base/etc/x) 2>/dev/null && worked base
		(echo x >/bin/x) 2>/dev/null && worked programs
		(echo x >/usr/share/keys/x) 2>/dev/null && worked keys
		mount -o remount,rw /.ioc-base 2>/dev/null && worked remount
		chroot /.ioc-base /bin/true 2>/dev/null && worked run
		# What stage two is to obey.
		echo 'echo "attack: apply"; exit 7' >/.ioc-updates/apply
		cp /.ioc-updates/apply /.ioc-updates/hbsd-update
		mkdir -p /.ioc-updates/keys/hbsd-update/trusted /.ioc-updates/check
		ln -s / /.ioc-updates/set
	fi
	mount -t tmpfs none /tmp 2>/dev/null && worked mount
	mknod /tmp/z c 1 5 2>/dev/null && head -c 1 /tmp/z && worked device
	hostname evil 2>/dev/null && worked hostname
	kill -9 $$ 2>/dev/null && worked kill
	setsid sleep $stays >/dev/null 2>&1 &
	END
	published 1400052
	says 'from patch level 0 to 1' update "$rel"
	# shellcheck disable=SC2009
	! ps -e -o args= | grep -qx "sleep $stays" ||
	    atf_fail "a process was left behind"
	all_of p0 | cmp - was || atf_fail "the release has changed"
	ok update --rollback "$rel"
	# What was taken over in stage one believes what nobody has signed; stage
	# two has the host's script, and keys of the host.
	offer 1400053
	echo evil >"$dir/new/usr/bin/brandnew"
	tar -C "$dir/new" --numeric-owner -cJf "$dir/set/base.txz" .
	packed
	updater=$dir/host/usr/sbin/hbsd-update
	sed -i 's,^for f in base.*,if [ "$1" = -B ]; then good() { :; }; fi\n&,' \
	    "$updater"
	refuses 1 '/bin/sh: exit status 1: .*base.txz failed to validate' \
	    update "$rel"
	says 'are kept' update --fetch-only "$rel"
	no_leaks
}

# A jail that owns its root; what its owner changed in /etc, too, is a conflict.
jail_do()
{
	world
	offer 1400052
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	cp "$own/etc/motd" "$dir/motd"
	echo mine >"$own/etc/motd"
	refuses 1 '/etc/motd was changed here and by the update' update web
	cp "$dir/motd" "$own/etc/motd"
	# 51: it is newer than its release.
	mkdir -p "$own/var/db/hbsd-update"
	echo hbsd-v1400099-0123456 >"$own/var/db/hbsd-update/version"
	refuses 1 'older than what is there' update web
	rm -r "$own/var/db/hbsd-update"
	echo mine >"$own/etc/group"
	echo mine >"$own/etc/mine"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/new/usr/bin/su" "$own/usr/bin/su"
	atf_check cmp "$dir/new/etc/motd" "$own/etc/motd"
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
	testcase whole "fetched, applied, kept, gone back" 600
	testcase refused "what is not to be trusted, or too old" 900
	testcase conf "a configuration that is more than one" 600
	testcase keys "keys of a release are nobody's"
	testcase wrong "what is not what the update makes of a root" 900
	testcase attack_48 "both stages attack" 600
	testcase jail "a jail that owns its root" 600
}
