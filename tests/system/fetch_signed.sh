#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# HardenedBSD's SSH signatures of manifests, and whom the administrator lets sign.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/sets.sh"

# sign KEY NAMESPACE FILE: as HardenedBSD's builders do.
sign()
{
	rm -f "$3.sig"
	ssh-keygen -q -Y sign -f "$1" -n "$2" "$3" 2>/dev/null ||
	    atf_fail "cannot sign $3"
}

# signer NAME: a key that the administrator allows, and one that nobody knows.
signer()
{
	for key in good other; do
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/$key" ||
		    atf_fail "no key"
	done
	mkdir -p "$dir/trust"
	chmod 755 "$dir/trust"
	printf '%s %s\n' "$1" "$(cut -d' ' -f1,2 "$dir/good.pub")" \
	    >"$dir/trust/signers"
	echo "ioc_signers_HARDENEDBSD=\"$dir/trust/signers\"" >>"$conf"
}

hbsd=15-stable/amd64/amd64/installer/LATEST

# unsigned PATTERN: it is refused, and no set was fetched.
unsigned()
{
	rm -f "$src"/cache/*
	refuses 1 "$1" fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" 15-STABLE
	find "$src/cache" -name '*.archive' -o -name '*.part' | grep . &&
	    atf_fail "something was fetched before the signature was checked"
	no_leaks
}

signed_do()
{
	needs jq
	needs ssh-keygen
	begin
	no_manifests
	mirror "$hbsd"
	signer hbsd-os-build-01
	gone "$hbsd/MANIFEST.sig"
	unsigned 'MANIFEST.sig: there is none'
	sign "$dir/good" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	get 15-STABLE
	from signed
	print=$(ssh-keygen -l -f "$dir/good.pub" | cut -d' ' -f2)
	atf_check -o "inline:hbsd-os-build-01 ED25519 $print file\n" jq -r \
	    '.releases[0].provenance.signature |
	    "\(.principal) \(.key) \(.namespace)"' releases.json
	find "$src/releases/15-STABLE" -name '.ioc-*' | grep . && atf_fail "it was left"
	ok destroy -y -r 15-STABLE
	# Again from the cache: it counts more than the pin, which agrees.
	get 15-STABLE
	from signed
	ok destroy -y -r 15-STABLE
	# Another key, another namespace, another text, no signature at all.
	sign "$dir/other" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	unsigned 'no allowed signer'
	sign "$dir/good" git "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	unsigned 'not valid'
	sign "$dir/good" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	manifest lib32 base >"$dir/files/MANIFEST"
	put "$hbsd" MANIFEST
	unsigned 'not valid'
	echo 'no signature' >"$dir/files/MANIFEST.sig"
	put "$hbsd" MANIFEST.sig
	unsigned 'no allowed signer'
	: >"$dir/files/MANIFEST.sig"
	put "$hbsd" MANIFEST.sig
	unsigned 'MANIFEST.sig: .'
	head -c 100000 /dev/zero >"$dir/files/MANIFEST.sig"
	put "$hbsd" MANIFEST.sig
	unsigned 'MANIFEST.sig: .'
	{ cat "$dir/good"; head -c 3000 /dev/urandom; } >"$dir/files/MANIFEST.sig"
	put "$hbsd" MANIFEST.sig
	unsigned 'MANIFEST.sig: .'
	no_leaks
}

# What counts more, what counts less.
order_do()
{
	needs jq
	needs ssh-keygen
	begin
	no_manifests
	mirror "$hbsd"
	signer hbsd-os-build-01
	gone "$hbsd/MANIFEST.sig"
	# What counts more needs none.
	get 15-STABLE --manifest "$dir/files/MANIFEST"
	from administrator
	ok destroy -y -r 15-STABLE
	# A signed one that contradicts what was followed is refused, too, until
	# the administrator gives it.
	other "$hbsd"
	manifest base lib32 >"$dir/files/MANIFEST"
	sign "$dir/good" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST MANIFEST.sig
	unsigned 'followed before.*--manifest'
	get 15-STABLE --manifest "$dir/files/MANIFEST"
	ok destroy -y -r 15-STABLE
	get 15-STABLE
	from signed
	ok destroy -y -r 15-STABLE
	# The other kind of manifest, and a folder.
	gone "$hbsd/MANIFEST"
	printf 'SHA256 (base.txz) = %s\n' "$(sha256 "$dir/files/base.txz")" \
	    >"$dir/files/CHECKSUMS.SHA256"
	put "$hbsd" CHECKSUMS.SHA256
	gone "$hbsd/CHECKSUMS.SHA256.sig"
	unsigned 'CHECKSUMS.SHA256.sig: there is none'
	sign "$dir/good" file "$dir/files/CHECKSUMS.SHA256"
	put "$hbsd" CHECKSUMS.SHA256.sig
	get 15-STABLE
	from signed
	ok destroy -y -r 15-STABLE
	ok fetch --arch amd64 --no-update -F "$dir/files" 15-STABLE
	from signed
	ok destroy -y -r 15-STABLE
	rm "$dir/files/MANIFEST.sig"
	refuses 1 'there is none' fetch --arch amd64 -F "$dir/files" 15-STABLE
	# A mirror without any manifest: the pin alone was not signed today.
	gone "$hbsd/CHECKSUMS.SHA256"
	unsigned 'no MANIFEST'
	no_leaks
}

# The administrator's file of signers.
signers_do()
{
	needs jq
	needs ssh-keygen
	begin
	no_manifests
	mirror "$hbsd"
	# A name with spaces, one that looks like an option or like the end of what
	# ssh-keygen says, a pattern, several, and a line for another namespace.
	key=none
	signer '"hbsd build"'
	sign "$dir/good" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	get 15-STABLE
	signed_by 'hbsd build'
	key=$(cut -d' ' -f1,2 "$dir/good.pub")
	for who in '-I' '*@hbsd.example' 'one,two' '!bad,good' \
	    '"x with RSA key SHA256:AAAA"' 'ü' 'x namespaces="git,file"'; do
		printf '# a comment\nsomebody %s\n%s %s\n' \
		    "$(cut -d' ' -f1,2 "$dir/other.pub")" "$who" "$key" \
		    >"$dir/trust/signers"
		get 15-STABLE
		who=${who#\!bad,}
		who=${who%%,*}
		who=${who%% namespaces*}
		signed_by "$(echo "$who" | tr -d '"')"
	done
	for line in 'x namespaces="git"' 'x valid-before="20200101"' '' '#' 'x y'; do
		echo "$line $key" >"$dir/trust/signers"
		unsigned 'MANIFEST.sig: .'
	done
	no_leaks
}

# A file of signers that is none, or that others may write to.
bad_signers_do()
{
	needs jq
	needs ssh-keygen
	begin
	no_manifests
	mirror "$hbsd"
	signer good
	key=$(cut -d' ' -f1,2 "$dir/good.pub")
	sign "$dir/good" file "$dir/files/MANIFEST"
	put "$hbsd" MANIFEST.sig
	: >"$dir/trust/signers"
	unsigned 'no allowed signer'
	head -c 5000 /dev/urandom >"$dir/trust/signers"
	unsigned 'MANIFEST.sig: .'
	echo "good $key" >"$dir/trust/signers"
	chmod 666 "$dir/trust/signers"
	unsigned 'may write'
	chmod 644 "$dir/trust/signers"
	chmod 777 "$dir/trust"
	unsigned 'may write'
	chmod 755 "$dir/trust"
	chown 1000 "$dir/trust/signers"
	unsigned 'may write'
	rm "$dir/trust/signers"
	unsigned 'trust/signers'
	ln -s "$dir/good.pub" "$dir/trust/signers"
	unsigned 'link'
	rm "$dir/trust/signers"
	mkfifo "$dir/trust/signers"
	unsigned 'trust/signers'
	rm "$dir/trust/signers"
	echo "good $key" >"$dir/trust/signers"
	get 15-STABLE
	signed_by good
	# Only a distribution that has signatures has the key.
	echo 'ioc_signers_FREEBSD="/x"' >>"$conf"
	refuses 1 'unknown key' list -r
	no_leaks
}

signed_by()
{
	from signed
	atf_check -o "inline:$1\n" jq -r \
	    '.releases[0].provenance.signature.principal' releases.json
	ok destroy -y -r 15-STABLE
}

no_keygen_do()
{
	needs ssh-keygen
	begin
	no_manifests
	mirror "$hbsd"
	signer good
	os_without "$(command -v ssh-keygen)" "$program" -c "$conf" fetch \
	    --arch amd64 -u "$url" --ca-file "$dir/ca.pem" 15-STABLE 2>stderr &&
	    atf_fail "fetched without a check"
	atf_check grep -q 'ssh-keygen is not installed' stderr
	no_leaks
}

atf_init_test_cases()
{
	testcase signed "a signature of a manifest, right and wrong"
	testcase order "which manifest counts, signed or not"
	testcase signers "whom the administrator lets sign"
	testcase bad_signers "a file of signers that is not trusted"
	testcase no_keygen "nobody who could check a signature"
}
