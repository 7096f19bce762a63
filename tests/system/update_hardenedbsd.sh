#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of HardenedBSD by the genuine hbsd-update(8), IOC_TEST_HBSD_UPDATE, on a
# FreeBSD that is made to have it: the program claims that it is on HardenedBSD, and
# all the rest is as it is there.  The server is the test's, which has no DNS, so that
# the version comes by HTTPS.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/genuine.sh"
. "$(atf_get_srcdir)/sets.sh"

rel=13-STABLE
tool=/usr/sbin/hbsd-update
keys=/usr/share/keys/hbsd-update
conf_of_host=/etc/hbsd-update.conf

world()
{
	genuine
	[ -n "${IOC_TEST_HBSD_UPDATE-}" ] ||
	    atf_skip "IOC_TEST_HBSD_UPDATE, the script, is not set"
	[ -e "$tool" ] && atf_skip "this is HardenedBSD"
	[ -x "$progs/claims-hbsd" ] || atf_skip "the program was not built"
	needs openssl etcupdate
	begin
	no_manifests
	mkdir -p "$dir/program/prog" "$dir/program/helpers" "$dir/www/pub" \
	    "$dir/files" "$dir/set"
	cp "$progs/claims-hbsd" "$dir/program/prog/claims"
	cp "$(dirname "$(dirname "$program")")"/helpers/ioc-* \
	    "$dir/program/helpers/"
	program=$dir/program/prog/claims
	serve "$dir/www"
	echo "ioc_tls_ca_file=\"$dir/ca.pem\"" >>"$conf"
	# The host: its updater, keys and configuration.
	cp "$IOC_TEST_HBSD_UPDATE" "$tool"
	chmod 555 "$tool"
	mkdir -p "$keys/trusted" "$keys/revoked"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=updates \
	    -keyout "$dir/sign.pem" -out "$dir/pubkey.pem" 2>/dev/null ||
	    atf_fail "no key"
	trusted=$keys/trusted/$(openssl x509 -hash -noout \
	    -in "$dir/pubkey.pem").0
	cp "$dir/pubkey.pem" "$trusted"
	settings no >"$conf_of_host"
	base
}

settings()
{
	cat <<-END
	# Configuration
	dnsrec="\$(uname -m).13-stable.hardened.invalid"
	capath="/usr/share/keys/hbsd-update/trusted"
	branch="pub"
	baseurl="https://localhost:$port/\${branch}"
	dnssec="$1"
	END
}

unworld()
{
	[ -f dir ] || return 0
	dir=$(cat dir)
	[ ! -d "$dir/program" ] || rm -rf "$tool" "$keys" "$conf_of_host"
	[ ! -d "$dir/base" ] || chflags -R 0 "$dir/base"
	end
}

pack()
{
	# shellcheck disable=SC2086
	tar -C "$1" --options xz:compression-level=0 -cJf "$2" .
}

# base: a release with what HardenedBSD's has beside, as $root; $dir/base is its tree.
base()
{
	mkdir "$dir/base"
	tar -xpf "$IOC_TEST_BASE" -C "$dir/base" || atf_fail "no base"
	mkdir -p "$dir/base/usr/include/sys" \
	    "$dir/base/var/db/etcupdate/current/etc"
	settings yes >"$dir/base/etc/hbsd-update.conf"
	printf '#define\t__HardenedBSD_version\t1300050UL\n' \
	    >"$dir/base/usr/include/sys/pax.h"
	echo old >"$dir/base/etc/of-the-test"
	cp "$dir/base/etc/of-the-test" "$dir/base/etc/hosts" \
	    "$dir/base/var/db/etcupdate/current/etc/"
	pack "$dir/base" "$dir/files/base.txz"
	manifest base >"$dir/files/MANIFEST"
	ok fetch --no-update -F "$dir/files" "$rel"
	root=$src/releases/$rel/p0/root
}

# offer N: a fix in a program, a new one, one that goes, and one of /etc.
offer()
{
	version=hbsd-v$1-0123456789abcdef0123456789abcdef01234567
	rm -rf "$dir/set" "$dir/tbz" "$dir/mtree"
	mkdir -p "$dir/set" "$dir/tbz/etc" "$dir/mtree"
	chflags 0 "$dir/base/usr/bin/su"
	printf '\n# of %s\n' "$1" >>"$dir/base/usr/bin/su"
	chflags schg "$dir/base/usr/bin/su"
	echo new >"$dir/base/usr/bin/brandnew"
	rm -f "$dir/base/usr/bin/yes"
	printf '#define\t__HardenedBSD_version\t%sUL\n' "$1" \
	    >"$dir/base/usr/include/sys/pax.h"
	pack "$dir/base" "$dir/set/base.txz"
	echo "of $1" >"$dir/tbz/etc/of-the-test"
	cp "$dir/base/etc/hosts" "$dir/tbz/etc/"
	tar -C "$dir/tbz" -cjf "$dir/set/etcupdate.tbz" .
	cp "$dir"/base/etc/mtree/BSD.*.dist "$dir/mtree/"
	printf '/set type=dir uname=root gname=wheel mode=0755\n.\n..\n' \
	    >"$dir/mtree/BSD.hardened.dist"
	rm -f "$dir/mtree/BSD.tests.dist"
	tar -C "$dir/mtree" -cf "$dir/set/mtree.tar" .
	printf '%s\n' ./etc ./proc ./root/.profile ./root/.cshrc ./var/empty \
	    >"$dir/set/skip.txt"
	echo /usr/bin/yes >"$dir/set/ObsoleteFiles.txt"
	echo 'rules {}' >"$dir/set/secadm.integriforce.rules"
	for file in "$dir"/set/*; do
		sha512 -q "$file" | openssl rsautl -sign \
		    -inkey "$dir/sign.pem" -out "$file.sig" ||
		    atf_fail "cannot sign"
	done
	cp "$dir/pubkey.pem" "$dir/set/"
	packed
}

packed()
{
	tar -C "$dir/set" -cf "$dir/files/update-$version.tar" .
	hash=$(sha256 "$dir/files/update-$version.tar")
	echo "1700000000|$version|sha256:$hash" >"$dir/files/update-latest.txt"
	put pub "update-$version.tar" update-latest.txt
}

whole_do()
{
	world
	offer 1300052
	atf_check -o save:out -e save:err "$program" -c "$conf" update "$rel"
	cat out err
	atf_check -o match:'from patch level 0 to 1' cat out
	next=$src/releases/$rel/p1/root
	atf_check cmp "$dir/base/usr/bin/su" "$next/usr/bin/su"
	atf_check -o inline:"schg\n" stat -f %Sf "$next/usr/bin/su"
	atf_check -o inline:"new\n" cat "$next/usr/bin/brandnew"
	atf_check -o inline:"of 1300052\n" cat "$next/etc/of-the-test"
	atf_check -o inline:"$version\n" cat "$next/var/db/hbsd-update/version"
	atf_check test ! -e "$next/usr/bin/yes"
	atf_check test ! -e "$next/.ioc-updates" -a ! -e "$next/.ioc-scratch"
	atf_check test -e "$root/usr/bin/yes"
	says 'nothing to be done' update "$rel"
	# Each file is signed: here it is not.
	offer 1300053
	echo x >>"$dir/set/skip.txt"
	packed
	refuses 1 'hbsd-update: exit status 1' update "$rel"
	# A key that the host does not trust, and one that it has revoked.
	offer 1300053
	mv "$trusted" "$dir/"
	refuses 1 'hbsd-update: exit status 1' update "$rel"
	mv "$dir/${trusted##*/}" "$trusted"
	cp "$dir/pubkey.pem" "$keys/revoked/"
	refuses 1 'hbsd-update: exit status 1' update "$rel"
	rm "$keys/revoked/pubkey.pem"
	# 51
	offer 1300049
	refuses 1 'older than what is there' update "$rel"
}

# A jail of the release, with a change of its own that the update contradicts.
jail_do()
{
	world
	offer 1300052
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	echo mine >"$own/etc/of-the-test"
	refuses 1 '/etc/of-the-test was changed here and by the update' \
	    update web
	cp "$root/etc/of-the-test" "$own/etc/"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/base/usr/bin/su" "$own/usr/bin/su"
	says 'as before' update --rollback web
	atf_check cmp "$root/usr/bin/su" "$own/usr/bin/su"
}

atf_init_test_cases()
{
	gcase whole "a release is updated by the host's hbsd-update, or is not" 1800
	gcase jail "a jail that owns its root, and a conflict" 1800
}
