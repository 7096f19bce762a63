# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Packages of FreeBSD's base system and a signed repository with them, by pkg(8) or
# by the small one.  Set by who uses it: tool, the package manager; abi; place,
# where the repository lies; keys, the directory of fingerprints on the host.

# new_key: makes $dir/key, trusted by the host.
new_key()
{
	if [ -n "${IOC_TEST_PKG-}" ]; then
		openssl genrsa -out "$dir/sign.pem" 2048 2>/dev/null
		openssl rsa -in "$dir/sign.pem" -pubout -out "$dir/key" 2>/dev/null
	else
		echo "a key" >"$dir/key"
	fi
	trust "$(sha256 "$dir/key")"
}

# trust HASH: of a key.
trust()
{
	printf 'function: "sha256"\nfingerprint: "%s"\n' "$1" \
	    >"$keys/trusted/test"
}

# package NAME VERSION DIR [SCRIPT]: what is in DIR, as a package; attributes, if
# set, are those of its files.
package()
{
	rm -rf meta
	mkdir meta
	cat >meta/+MANIFEST <<-END
	name: "$1"
	version: "$2"
	origin: "base/$1"
	comment: "$1"
	desc: "$1"
	maintainer: "re@FreeBSD.org"
	www: "https://www.FreeBSD.org"
	prefix: "/"
	arch: "$abi"
	END
	[ $# -lt 4 ] || cp "$4" meta/+POST_INSTALL
	(cd "$3" && find . -type f | sed 's,^\.,,' | sort) | while read -r f; do
		echo "${attributes:+@($attributes) }$f"
	done >plist
	"$tool" create -m meta -r "$3" -p plist \
	    -o "$dir/packages" >out 2>&1 || atf_fail "create: $(cat out)"
}

# offer: the repository has what was packed, signed.
offer()
{
	rm -rf "$place"
	mkdir -p "$place"
	cp "$dir"/packages/*.pkg "$place/"
	if [ -n "${IOC_TEST_PKG-}" ]; then
		cat >"$dir/sign" <<-END
		read -r sum
		echo SIGNATURE
		printf %s "\$sum" |
		    openssl dgst -sign "$dir/sign.pem" -sha256 -binary
		printf '\\nCERT\\n'
		cat "$dir/key"
		echo END
		END
		"$tool" repo "$place" \
		    signing_command: sh "$dir/sign" >out 2>&1
	else
		"$tool" repo "$place" "key:$dir/key" >out 2>&1
	fi || atf_fail "repo: $(cat out)"
}

# has ROOT NAME VERSION: its own list says so.
has()
{
	if [ -n "${IOC_TEST_PKG-}" ]; then
		"$tool" -r "$1" query '%n %v' "$2"
	else
		grep "^$2 " "$1/var/db/pkg/local.sqlite"
	fi >listed
	atf_check -o inline:"$2 $3\n" cat listed
}
