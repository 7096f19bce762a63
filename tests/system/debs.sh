# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A mirror of Debian's layout with packages of the test's, signed with a key of
# its own, for the tests of updates.  Where the program runs, that key takes the
# place of Debian's keyring: in a mount namespace of its own, for it alone.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
real=$program

# debs_begin: a source with the distribution's release, a server, a trusted key.
debs_begin()
{
	[ "$(uname -s)" = Linux ] || atf_skip "the packages are Debian's"
	for tool in apt-get dpkg-deb gpg perl unshare; do
		needs $tool
	done
	[ -f "$keyring" ] || atf_skip "debian-archive-keyring is not installed"
	begin
	with native
	mkdir -p "$dir/www" "$dir/pkg" "$dir/suites"
	mkdir -m 700 "$dir/gpg"
	gpg --homedir "$dir/gpg" --batch --quiet --passphrase '' \
	    --quick-generate-key 'test <test@localhost>' rsa2048 sign never \
	    2>/dev/null || atf_fail "no key"
	gpg --homedir "$dir/gpg" --batch --export >"$dir/keyring.gpg"
	serve "$dir/www"
	cat >>"$conf" <<-END
	ioc_mirror_DEBIAN="https://localhost:$port/debian"
	ioc_tls_ca_file="$dir/ca.pem"
	END
	{
		own_mounts
		echo "ring=$keyring"
		cat <<-'END'
		mount --bind "$dir/keyring.gpg" "$ring" && exec "$@"
		END
	} >"$dir/trusting"
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$dir/trusting" "$real" \
	    >"$dir/program"
	chmod 755 "$dir/trusting" "$dir/program"
	program=$dir/program
	arch=$(dpkg --print-architecture)
}

# debs_end: before end, which needs the program itself.
debs_end()
{
	[ ! -f dir ] || gpgconf --homedir "$(cat dir)/gpg" --kill all \
	    >/dev/null 2>&1 || :
	end
}

# package NAME VERSION: $dir/pkg/NAME/, with what the test has put there, as a
# package of the mirror.
package()
{
	at=$dir/pkg/$1
	mkdir -p "$at/DEBIAN" "$dir/www/debian/pool"
	cat >"$at/DEBIAN/control" <<-END
	Package: $1
	Version: $2
	Architecture: $arch
	Maintainer: Test <test@localhost>
	Description: of a test
	END
	[ ! -f "$at/DEBIAN/postinst" ] || chmod 755 "$at/DEBIAN/postinst"
	dpkg-deb --root-owner-group -Zgzip -z1 -b "$at" "$dir/$1.deb" >deb.out 2>&1 ||
	    atf_fail "no package: $(cat deb.out)"
	offered "$1"
}

# offered NAME: $dir/NAME.deb is on the mirror.
offered()
{
	{
		dpkg-deb -f "$dir/$1.deb"
		printf 'Filename: pool/%s.deb\nSize: %d\nSHA256: %s\n\n' "$1" \
		    "$(wc -c <"$dir/$1.deb")" "$(sha256 "$dir/$1.deb")"
	} >"$dir/pkg/$1.index"
	answer "$dir/$1.deb" "debian/pool/$1.deb"
}

# answer FILE PATH: what the server says for that path.
answer()
{
	mkdir -p "$(dirname "$dir/www/$2")"
	{
		printf 'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n' \
		    "$(wc -c <"$1")"
		cat "$1"
	} >"$dir/www/$2"
}

# suite ROOT NAME DATE INDEX: signs and publishes it.
suite()
{
	answer "$4" "$1/dists/$2/main/binary-$arch/Packages"
	cat >"$dir/Release" <<-END
	Origin: Debian
	Suite: $2
	Codename: $2
	Date: $3${more:+
	$more}
	Architectures: $arch
	Components: main
	SHA256:
	 $(sha256 "$4") $(wc -c <"$4") main/binary-$arch/Packages
	END
	rm -f "$dir/InRelease"
	gpg --homedir "$dir/gpg" --batch --quiet --passphrase '' --clearsign \
	    -o "$dir/InRelease" "$dir/Release" 2>/dev/null ||
	    atf_fail "cannot sign"
	answer "$dir/InRelease" "$1/dists/$2/InRelease"
}

# when WORDS: a date as an index has it.
when()
{
	LC_ALL=C date -u -d "$*" '+%a, %d %b %Y %H:%M:%S UTC'
}

# mirror [DATE [LINE]]: all packages, in the suites that a release has.
mirror()
{
	date=${1:-$(when now)}
	more=${2-}
	: >"$dir/empty"
	cat "$dir"/pkg/*.index >"$dir/Packages"
	suite debian "$release" "$date" "$dir/Packages"
	suite debian "$release-updates" "$date" "$dir/empty"
	suite debian-security "$release-security" "$date" "$dir/empty"
}

# debcase NAME DESCRIPTION [TIMEOUT]: testcase, for what begins with debs_begin.
debcase()
{
	testcase "$@"
	eval "$1_cleanup() { debs_end; }"
}
