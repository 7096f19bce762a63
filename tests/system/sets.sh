# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A mirror of sets with a manifest, for the tests of them.

rel=14.2-RELEASE

# tree DIR: what a base.txz holds, as far as it matters.
tree()
{
	mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/root" "$1/dev" "$1/proc" \
	    "$1/sys" "$1/usr/bin" "$1/usr/sbin" "$1/var/log"
	os_tiny "$1"
	chmod 1777 "$1/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' \
	    >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
	printf '# $FreeBSD$\n#kern.x=1\nnet.inet.ip.fw.enable=1 # on\n' \
	    >"$1/etc/sysctl.conf"
	printf '#!/bin/sh\nUSERLAND_VERSION="%s"\n' "$rel-p1" \
	    >"$1/bin/freebsd-version"
	chmod 755 "$1/bin/freebsd-version"
	echo su >"$1/usr/bin/su"
	chmod 4755 "$1/usr/bin/su"
	ln "$1/usr/bin/su" "$1/usr/bin/su2"
	echo mail >"$1/usr/sbin/mail"
	chown 1000:1000 "$1/usr/sbin/mail"
	chmod 2755 "$1/usr/sbin/mail"
	echo log >"$1/var/log/messages"
}

# set_of NAME DIR: the archive, as files/NAME.txz, with FreeBSD's flags in it
# where there is a program that can write them.
set_of()
{
	mkdir -p "$dir/files"
	if ! command -v bsdtar >/dev/null; then
		# shellcheck disable=SC2086
		tar -C "$2" --numeric-owner $pack -cJf "$dir/files/$1.txz" . ||
		    atf_fail "cannot pack $1"
		return 0
	fi
	# What GNU tar does not know: a file with schg in its pax header.
	echo locked >"$dir/files/locked"
	{
		echo '#mtree'
		echo "./etc/locked type=file uid=0 gid=0 mode=0444" \
		    "flags=schg contents=$dir/files/locked"
	} >"$dir/files/spec"
	bsdtar --format pax --options xz:compression-level=0 -cJf "$dir/files/$1.txz" --numeric-owner \
	    -C "$2" . "@$dir/files/spec" || atf_fail "cannot pack $1"
}

# manifest SET...: as release(7) writes it.
manifest()
{
	for set; do
		printf '%s.txz\t%s\t%d\t%s\t"%s"\ton\n' "$set" \
		    "$(sha256 "$dir/files/$set.txz")" 42 "$set" "The set $set"
	done
}

# put FOLDER NAME...: what the mirror answers for FOLDER/NAME.
put()
{
	folder=$1
	shift
	mkdir -p "$dir/www/$folder"
	for name; do
		publish "$name"
		mv "$dir/www/$name" "$dir/www/$folder/$name"
	done
}

# gone PATH: what the mirror has not any more; to this server it must be told.
gone()
{
	printf 'HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n' \
	    >"$dir/www/$1"
}

# mirror FOLDER: base and lib32 with their MANIFEST, served from there.
mirror()
{
	mkdir -p "$dir/www" "$dir/files"
	tree "$dir/base"
	set_of base "$dir/base"
	mkdir -p "$dir/lib32/usr/lib32"
	echo library >"$dir/lib32/usr/lib32/libc.so.7"
	ln "$dir/lib32/usr/lib32/libc.so.7" "$dir/lib32/usr/lib32/libc.so"
	# shellcheck disable=SC2086
	tar -C "$dir/lib32" --numeric-owner $pack -cJf "$dir/files/lib32.txz" .
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$1" MANIFEST base.txz lib32.txz
	serve "$dir/www"
	url=https://localhost:$port
}

# The host's own manifests must not decide what happens here.
no_manifests()
{
	mkdir -p "$dir/manifests"
	echo "ioc_manifest_dir=\"$dir/manifests\"" >>"$conf"
}

get()
{
	release_name=$1
	shift
	ok fetch --arch amd64 --no-update -u "$url" --ca-file "$dir/ca.pem" \
	    "$@" "$release_name"
}

refused()
{
	refuses 1 "$1" fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" "$rel"
}

# other: the base on the mirror is another one.
other()
{
	echo evil >"$dir/base/etc/evil"
	set_of base "$dir/base"
	put "$1" base.txz
}

level()
{
	echo "$src/releases/$rel/p0"
}

# from WORD: which manifest was followed.
from()
{
	atf_check -o save:releases.json -e ignore "$program" -c "$conf" \
	    -j list -r
	atf_check -o "inline:$1\n" jq -r \
	    '.releases[0].provenance.manifest.from' releases.json
}
