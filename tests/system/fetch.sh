#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Releases: the distribution's own, and any archive whose hash is known.
. "$(atf_get_srcdir)/common.sh"

native_do()
{
	needs jq
	begin
	with native
	says "^$release" list -r -H -o name
	atf_check -o save:releases.json -e ignore "$program" -c "$conf" \
	    -j list -r
	atf_check -o ignore jq -e '.schema == 1' releases.json
	atf_check -o ignore jq -e '[.. | .provenance? // empty] |
	    length > 0' releases.json
	[ ! -e "$cache/fetch.err" ] || atf_check test -s "$cache/fetch.err"
	refuses 1 "$release" fetch "$release"
	ok run -r "$release" -- /bin/sh -c 'test -s /etc/passwd'
	recorded
	no_leaks
}

# Recorded when it was complete: nothing differs, and a change is named.
recorded()
{
	tree=$(find "$src/releases/$release" -maxdepth 1 -name 'p*' | sort |
	    tail -1)
	# Where it was fetched by an older program.
	[ -e "$tree/root.mtree" ] || return 0
	ok verify "$release"
	ok create -r "$release" web
	ok verify web
	ok start web
	ok exec web -- /bin/sh -c 'echo x >/etc/new'
	"$program" -c "$conf" -q verify web >out
	atf_check grep -q '^extra .*etc/new' out
	ok stop web
	ok destroy -y web
}

archive_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	ok fetch --url "https://localhost:$port/tiny.tar.xz" \
	    --sha256 "$(sha256 "$dir/files/tiny.tar.xz")" \
	    --ca-file "$dir/ca.pem" tiny
	prints tiny list -r -H -o name
	prints hello run -r tiny -- echo hello
	no_leaks
}


wrong_hash_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	wrong=$(printf '%064d' 1)
	refuses 1 "[Hh]ash|SHA-?256|match" fetch --url \
	    "https://localhost:$port/tiny.tar.xz" --sha256 "$wrong" \
	    --ca-file "$dir/ca.pem" tiny
	refuses '1 2' sha256 fetch --url \
	    "https://localhost:$port/tiny.tar.xz" --ca-file "$dir/ca.pem" tiny
	refuses '1 2' . fetch --url "https://localhost:$port/tiny.tar.xz" \
	    --sha256 12345 --ca-file "$dir/ca.pem" tiny
	no_leaks
}

transport_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	hash=$(sha256 "$dir/files/tiny.tar.xz")
	# Nobody vouches for the server's certificate.
	refuses 1 '[Cc]ertificate' fetch --url \
	    "https://localhost:$port/tiny.tar.xz" --sha256 "$hash" tiny
	# It is that of another name.
	refuses 1 '[Cc]ertificate|name' fetch --url \
	    "https://127.0.0.1:$port/tiny.tar.xz" --sha256 "$hash" \
	    --ca-file "$dir/ca.pem" tiny
	for url in "http://localhost:$port/tiny.tar.xz" \
	    "file://$dir/files/tiny.tar.xz" "$dir/files/tiny.tar.xz" \
	    "https://user:secret@localhost:$port/tiny.tar.xz"; do
		refuses '1 2' . fetch --url "$url" --sha256 "$hash" \
		    --ca-file "$dir/ca.pem" tiny
	done
	refuses 1 . fetch --url "https://localhost:$port/missing" \
	    --sha256 "$hash" --ca-file "$dir/ca.pem" tiny
	refuses 1 . fetch --url "https://localhost:1/tiny.tar.xz" \
	    --sha256 "$hash" --ca-file "$dir/ca.pem" tiny
	no_leaks
}

# hostile NAME WHY TAR-ARG...: an archive that must be refused as a whole.
hostile()
{
	name=$1
	why=$2
	shift 2
	tar --numeric-owner -cf "$dir/files/$name.tar" "$@" 2>/dev/null ||
	    atf_fail "cannot pack $name"
	publish "$name.tar"
	refuses 1 "$why" fetch --url "https://localhost:$port/$name.tar" \
	    --sha256 "$(sha256 "$dir/files/$name.tar")" \
	    --ca-file "$dir/ca.pem" "$name"
}

hostile_do()
{
	begin
	mkdir -p "$dir/www" "$dir/files" "$dir/in/a"
	echo x >"$dir/in/a/f"
	ln -s "$dir/out" "$dir/in/link"
	mkdir "$dir/out"
	serve "$dir/www"
	hostile dotdot 'leads out' -P "${transform},a/f,../../../../../..$dir/out/f," \
	    -C "$dir/in" a/f
	hostile absolute absolute -P "${transform},^a/f,$dir/out/f," -C "$dir/in" a/f
	hostile through link -C "$dir/in" "${transform},^a/f,link/f," link a/f
	head -c 3000 /dev/urandom >"$dir/files/noise.tar"
	publish noise.tar
	refuses 1 archive fetch --url "https://localhost:$port/noise.tar" \
	    --sha256 "$(sha256 "$dir/files/noise.tar")" \
	    --ca-file "$dir/ca.pem" noise
	atf_check ls "$dir/out"
	no_leaks
}

dry_run_do()
{
	begin
	snapshot >before
	ok -n fetch "$release"
	snapshot >after
	atf_check cmp before after
}

atf_init_test_cases()
{
	testcase native "the distribution's release, from its mirror" 900
	testcase archive "an archive over HTTPS whose hash is given"
	testcase wrong_hash "another hash, none, or half of one"
	testcase transport "HTTPS with a verified name, or nothing"
	testcase hostile "archives that reach out, and noise"
	testcase dry_run "-n changes nothing"
}
