#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Releases that are sets with a manifest, from a mirror as FreeBSD and HardenedBSD
# have it, or from a folder.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/sets.sh"

# --- tests -----------------------------------------------------------------------

freebsd_do()
{
	needs jq
	begin
	no_manifests
	mirror "$rel"
	get "$rel" --sets base,lib32
	prints "$rel	0	$rel-p1	freebsd" \
	    list -r -H -o name,patch_level,version,distribution
	root=$(level)/root
	[ "$(stat_of "$root/usr/bin/su")" = '4755 0 0' ] ||
	    atf_fail "set-id: $(stat_of "$root/usr/bin/su")"
	[ "$(stat_of "$root/usr/sbin/mail")" = '2755 1000 1000' ] ||
	    atf_fail "owner: $(stat_of "$root/usr/sbin/mail")"
	same "$root/usr/bin/su" "$root/usr/bin/su2"
	same "$root/usr/lib32/libc.so" "$root/usr/lib32/libc.so.7"
	atf_check grep -qx 'cron_flags="-m '"''"'"' "$root/etc/rc.conf"
	atf_check grep -qx 'daily_submit_queuerun="NO"' "$root/etc/periodic.conf"
	atf_check grep -qx 'net.inet.ip.fw.enable=0 # on' "$root/etc/sysctl.conf"
	[ "$(stat_of "$(level)/root.mtree")" = '600 0 0' ] ||
	    atf_fail "the record: $(stat_of "$(level)/root.mtree")"
	atf_check -o save:releases.json -e ignore "$program" -c "$conf" \
	    -j list -r
	atf_check -o "inline:mirror $(sha256 "$dir/files/MANIFEST") base.txz lib32.txz\n" \
	    jq -r '.releases[0].provenance | "\(.manifest.from) \(.manifest.sha256) " +
	    ([.sets[].file] | join(" "))' releases.json
	says "$(sha256 "$dir/files/base.txz")" list -r -l
	refuses 1 exists fetch "$rel"
	no_leaks
}

# Two names of one file.
same()
{
	one=$(ls -i "$1")
	two=$(ls -i "$2")
	[ "${one%%/*}" = "${two%%/*}" ] || atf_fail "$1 and $2 are two files"
}

# Mode and owner of a file.
stat_of()
{
	case $(uname -s) in
	Linux) stat -c '%a %u %g' "$1" ;;
	*) stat -f '%Mp%Lp %u %g' "$1" | sed 's/^0//' ;;
	esac
}

hardenedbsd_do()
{
	begin
	no_manifests
	mirror 15-stable/amd64/amd64/installer/LATEST
	get 15-STABLE
	prints 'hardenedbsd' list -r -H -o distribution
	ok destroy -y -r 15-STABLE
	# An older kind of build has its hashes in another file.
	gone 15-stable/amd64/amd64/installer/LATEST/MANIFEST
	printf 'SHA512 (base.txz) = 00\nSHA256 (base.txz) = %s\n' \
	    "$(sha256 "$dir/files/base.txz")" >"$dir/files/CHECKSUMS.SHA256"
	put 15-stable/amd64/amd64/installer/LATEST CHECKSUMS.SHA256
	get 15-STABLE
	no_leaks
}

wrong_do()
{
	begin
	no_manifests
	mirror "$rel"
	# An archive that is not what the manifest says.
	other "$rel"
	refused 'SHA-256'
	# What the manifest lacks, and what the mirror lacks.
	refuses 1 'tests.txz' fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" --sets base,tests "$rel"
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$rel" MANIFEST
	gone "$rel/base.txz"
	refused 404
	gone "$rel/MANIFEST"
	refused 'no MANIFEST'
	# Manifests that are none: a path, CRLF, a file twice, nothing.
	for bad in '../base.txz\t%s\t1\tbase\t"b"\ton\n' \
	    'base.txz\t%s\t1\tbase\t"b"\ton\r\n' \
	    'base.txz\t%s\t1\tbase\t"b"\ton\nbase.txz\t%s\t1\tbase\t"b"\ton\n' \
	    'nonsense\n' ''; do
		# shellcheck disable=SC2059
		printf "$bad" "$(sha256 "$dir/files/base.txz")" \
		    "$(sha256 "$dir/files/lib32.txz")" >"$dir/files/MANIFEST"
		put "$rel" MANIFEST
		refused '[Mm][Aa][Nn][Ii][Ff][Ee][Ss][Tt]'
	done
	# An old release under the name of a new one.
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$rel" MANIFEST base.txz
	cp -R "$dir/www/$rel" "$dir/www/14.9-RELEASE"
	refuses 1 "holds $rel-p1" fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" 14.9-RELEASE
	refuses '1 2' 'base' fetch --arch amd64 -u "$url" --sets lib32 "$rel"
	refuses 1 architecture fetch --arch vax -u "$url" "$rel"
	refuses '1 2' https fetch --arch amd64 -u "http://localhost:$port" "$rel"
	no_leaks
}

# twin DIR: what scripts do with what a mirror has of base.
twin()
{
	mkdir "$1"
	[ "$(awk '$1 == "base.txz" { print $2 }' "$dir/files/MANIFEST")" = \
	    "$(sha256 "$dir/files/base.txz")" ] &&
	    tar -C "$1" -xf "$dir/files/base.txz"
}

# An older manifest, with the archive that it was made for.
attack_44_do()
{
	begin
	no_manifests
	mirror "$rel"
	mkdir "$dir/old"
	cp "$dir/files/MANIFEST" "$dir/files/base.txz" "$dir/old/"
	echo mended >"$dir/base/etc/mended"
	set_of base "$dir/base"
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$rel" MANIFEST base.txz
	get "$rel"
	[ -f "$(level)/root/etc/mended" ] || atf_fail "not the newer one"
	ok destroy -y -r "$rel"
	cp "$dir/old/MANIFEST" "$dir/old/base.txz" "$dir/files/"
	put "$rel" MANIFEST base.txz
	twin "$dir/twin" || atf_fail "the twin withstands it"
	[ ! -f "$dir/twin/etc/mended" ] || atf_fail "the twin has the newer one"
	refused 'followed before.*--manifest'
	[ -z "$(ioc list -r -H -o name)" ] || atf_fail "something was fetched"
	# Under the name of a newer release, of which nothing is known.
	cp -R "$dir/www/$rel" "$dir/www/14.9-RELEASE"
	refuses 1 "holds $rel-p1" fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" 14.9-RELEASE
	no_leaks
}

# What is trusted more than the mirror wins, or the mirror is refused.
trust_do()
{
	needs jq
	begin
	no_manifests
	mirror "$rel"
	cp "$dir/files/MANIFEST" "$dir/good"
	get "$rel"
	ok destroy -y -r "$rel"
	# Replaced together with its archive: pinned by the fetch before.
	other "$rel"
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$rel" MANIFEST
	refused 'followed before.*--manifest'
	# The host's manifest, of the package: first the bad one, then as it is.
	cp "$dir/good" "$dir/manifests/amd64-amd64-$rel"
	refused "this host's manifest"
	cp "$dir/files/MANIFEST" "$dir/manifests/amd64-amd64-$rel"
	get "$rel"
	from host
	ok destroy -y -r "$rel"
	# Others may write to it: that is no trust.
	chmod 666 "$dir/manifests/amd64-amd64-$rel"
	refused 'may write'
	rm "$dir/manifests/amd64-amd64-$rel"
	# It was pinned when it was followed.
	get "$rel"
	from pinned
	ok destroy -y -r "$rel"
	# The administrator's counts most, is refused where the mirror says
	# something else, and is what counts from then on.
	refuses 1 'that was given' fetch --arch amd64 --no-update -u "$url" \
	    --ca-file "$dir/ca.pem" --manifest "$dir/good" "$rel"
	rm "$dir/base/etc/evil"
	echo better >"$dir/base/etc/better"
	set_of base "$dir/base"
	manifest base lib32 >"$dir/files/MANIFEST"
	put "$rel" MANIFEST base.txz
	refused 'followed before'
	get "$rel" --manifest "$dir/files/MANIFEST"
	from administrator
	ok destroy -y -r "$rel"
	get "$rel"
	from pinned
	refuses 1 'no such file' fetch --manifest "$dir/nothing" --arch amd64 \
	    -u "$url" 14.1-RELEASE
	no_leaks
}

# hostile_rc PATTERN: with base as it is now.
hostile_rc()
{
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	refuses 1 "$1" fetch --arch amd64 --no-update -F "$dir/files" "$rel"
	[ ! -e "$src/releases/$rel" ] || atf_fail "half a release"
	no_leaks
	rm -rf "$src/cache" "$dir/base/etc/rc.conf"
	mkdir "$src/cache"
}

# The configuration that a release brings along is judged before it is changed.
hostile_do()
{
	begin
	no_manifests
	mkdir -p "$dir/files"
	tree "$dir/base"
	rc=$dir/base/etc/rc.conf
	echo host >"$dir/victim"
	ln -s "$dir/victim" "$rc"
	hostile_rc 'etc/rc.conf'
	ln -s ../../../../../../../../../../../../../etc/passwd "$rc"
	hostile_rc 'rc.conf'
	mkdir "$rc"
	hostile_rc 'etc/rc.conf'
	for text in 'netif_enable="$(touch /tmp/ioc-ran)"' 'netif_enable="open' \
	    'if true; then netif_enable=YES; fi' 'cron_flags=`id`'; do
		echo "$text" >"$rc"
		hostile_rc 'etc/rc.conf'
	done
	head -c 100000 /dev/urandom >"$rc"
	hostile_rc 'etc/rc.conf'
	head -c 3000000 /dev/zero | tr '\0' x >"$rc"
	hostile_rc 'etc/rc.conf'
	# What is not unpacked cannot be read by mistake.
	mkfifo "$rc"
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	timeout 60 "$program" -c "$conf" -q fetch --arch amd64 --no-update \
	    -F "$dir/files" "$rel" 2>stderr
	[ $? -ne 124 ] || atf_fail "it waits for a FIFO"
	[ ! -p "$(level)/root/etc/rc.conf" ] || atf_fail "a FIFO as rc.conf"
	atf_check -o 'inline:host\n' cat "$dir/victim"
	[ ! -e /tmp/ioc-ran ] || atf_fail "it was run"
	no_leaks
}

# killed_do: whenever it ends, there is no release or a whole one, and the same
# command brings it about.
killed_do()
{
	begin
	no_manifests
	mkdir -p "$dir/files"
	tree "$dir/base"
	# Something to work on.
	for i in $(seq 1 600); do
		head -c 4000 /dev/urandom >"$dir/base/var/log/$i"
	done
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	begun=$(now)
	ok -q fetch --arch amd64 --no-update -F "$dir/files" "$rel"
	took=$(($(now) - begun))
	ok destroy -y -r "$rel"
	hit=0
	i=0
	while more "${IOC_TEST_KILLS:-12}"; do
		rm -f "$src"/cache/*
		moment=$(number "$((took + 2))")
		"$program" -c "$conf" -q fetch --arch amd64 --no-update \
		    -F "$dir/files" "$rel" >/dev/null 2>&1 </dev/null &
		pid=$!
		sleep "$(awk -v ms="$moment" 'BEGIN { printf "%.3f", ms / 1000 }')"
		kill -9 $pid 2>/dev/null
		wait $pid
		[ $? -ne 137 ] || hit=$((hit + 1))
		if [ -z "$("$program" -c "$conf" list -r -H -o name)" ]; then
			gives 1 create --no-fetch -r "$rel" web
			[ ! -e "$src/releases/$rel" ] ||
			    atf_fail "half a release after $moment of $took ms"
			ok -q fetch --arch amd64 --no-update -F "$dir/files" "$rel"
		fi
		ok -q verify "$rel"
		ok destroy -y -r "$rel"
		no_leaks "round $i, killed after $moment of $took ms"
	done
	[ $hit -gt 0 ] || atf_fail "not once hit"
}

folder_do()
{
	begin
	no_manifests
	mkdir -p "$dir/files"
	tree "$dir/base"
	set_of base "$dir/base"
	manifest base >"$dir/files/MANIFEST"
	# No server, no network.
	cd "$dir" || atf_fail "no $dir"
	atf_check -o ignore -e ignore "$program" -c "$conf" fetch \
	    --arch arm64 --no-update -F files "$rel"
	cd - >/dev/null || atf_fail "no way back"
	prints "$rel" list -r -H -o name
	ok destroy -y -r "$rel"
	printf x >>"$dir/files/base.txz"
	# What is in the cache is what was verified.
	ok fetch --arch arm64 --no-update -F "$dir/files" "$rel"
	ok destroy -y -r "$rel"
	rm -f "$src"/cache/*
	refuses 1 SHA-256 fetch --arch arm64 --no-update -F "$dir/files" "$rel"
	rm "$dir/files/base.txz"
	refuses 1 'base.txz' fetch --arch arm64 --no-update -F "$dir/files" "$rel"
	refuses '1 2' '' fetch -F "$dir/files" -u https://localhost "$rel"
	refuses 1 'no MANIFEST' fetch --arch arm64 -F "$dir/manifests" \
	    13.2-RELEASE
	no_leaks
}

# A connection that breaks, and the same again.
resume_do()
{
	begin
	no_manifests
	mirror "$rel"
	head -c 20000 "$dir/www/$rel/base.txz" >"$dir/part"
	mv "$dir/www/$rel/base.txz" "$dir/whole"
	mv "$dir/part" "$dir/www/$rel/base.txz"
	refused .
	find "$src/cache" -name '*.part' -size +1k | grep -q . ||
	    atf_fail "nothing was kept"
	mv "$dir/whole" "$dir/www/$rel/base.txz"
	get "$rel"
	find "$src/cache" -name '*.part' | grep . && atf_fail "a rest is left"
	# A second time from the cache, which is checked again.
	ok destroy -y -r "$rel"
	gone "$rel/base.txz"
	get "$rel"
	ok destroy -y -r "$rel"
	for file in "$src"/cache/*.archive; do
		printf x >>"$file"
	done
	refused 404
	no_leaks
}

remote_do()
{
	needs jq
	needs python3
	begin
	no_manifests
	mkdir -p "$dir/www/8.4-RELEASE" "$dir/www/14.2-RELEASE" \
	    "$dir/www/99.0-RELEASE" "$dir/www/ISO-IMAGES" "$dir/www/15.0-RC1"
	serve_listing "$dir/www"
	atf_check -o save:remote.json -e ignore "$program" -c "$conf" -j list -R \
	    --distribution freebsd --arch amd64 -u "https://localhost:$port" \
	    --ca-file "$dir/ca.pem"
	atf_check -o 'inline:8.4-RELEASE true\n14.2-RELEASE true\n15.0-RC1 false\n99.0-RELEASE false\n' \
	    jq -r '.remote[] | "\(.name) \(.is_eol)"' remote.json
	says '2025-09-30' list -R --distribution freebsd --arch amd64 \
	    -u "https://localhost:$port" --ca-file "$dir/ca.pem"
	says '^14.2-RELEASE' list -R --known -H -o name
	refuses 1 '[Cc]ertificate' list -R --distribution freebsd --arch amd64 \
	    -u "https://localhost:$port"
}

# A server with index pages.
serve_listing()
{
	certify
	cat >listing.py <<'EOF'
import functools, http.server, ssl, sys
h = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
s = http.server.HTTPServer(("localhost", 0), h)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[2], sys.argv[3])
s.socket = c.wrap_socket(s.socket, server_side=True)
open(sys.argv[4], "w").write(str(s.server_port))
s.serve_forever()
EOF
	python3 listing.py "$1" "$dir/ca.pem" "$dir/key.pem" port \
	    </dev/null >/dev/null 2>"$dir/server.log" &
	echo $! >server
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -s port ] || break
		sleep 0.3
	done
	port=$(cat port) || atf_fail "no server after $wait waits"
}

verify_do()
{
	needs jq
	begin
	no_manifests
	mirror "$rel"
	get "$rel"
	ok verify "$rel"
	ok create -r "$rel" thin
	ok create -T -r "$rel" thick
	ok verify thin
	ok verify thick
	# The jail's own copy.
	root=$src/jails/thick/root
	echo changed >"$root/usr/bin/su"
	rm "$root/etc/group"
	echo new >"$root/etc/new"
	chmod 700 "$root/usr/sbin"
	"$program" -c "$conf" -q verify thick >out
	[ $? -eq 1 ] || atf_fail "the exit status"
	atf_check grep -q '^changed .*usr/bin/su' out
	atf_check grep -q '^missing .*etc/group' out
	atf_check grep -q '^extra .*etc/new' out
	atf_check grep -q '^changed .*usr/sbin (mode)' out
	"$program" -c "$conf" -j verify thick >out.json 2>/dev/null
	atf_check -o 'inline:jail true\n' jq -r \
	    '.verified | "\(.kind) \(.complete)"' out.json
	atf_check -o 'match:^missing$' jq -r \
	    '.verified.differences[] | select(.path | endswith("etc/group")) | .what' \
	    out.json
	ok verify thin
	# The release itself.
	echo changed >"$(level)/root/usr/sbin/mail"
	gives 1 verify "$rel"
	gives 1 verify thin
	# Nothing is known of others; that is a failure with a sentence.
	refuses 1 'no release|no jail' verify nothing
	rm "$(level)/root.mtree"
	refuses 1 'recorded' verify "$rel"
	ok destroy -y thin thick
	no_leaks
}

# What a jail that runs has done to its own files, seen from outside.
verify_running_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	ok fetch --url "https://localhost:$port/tiny.tar.xz" \
	    --sha256 "$(sha256 "$dir/files/tiny.tar.xz")" \
	    --ca-file "$dir/ca.pem" tiny
	ok verify tiny
	ok create -r tiny web
	ok verify web
	ok start web
	ok verify web
	ok exec web -- /bin/sh -c 'echo x >/etc/new; rm /etc/group
	    chmod 600 /etc/passwd; echo y >/tmp/passing; mkdir /root/d'
	"$program" -c "$conf" -q verify web >out
	[ $? -eq 1 ] || atf_fail "the exit status"
	sort out >sorted
	printf '%s\n' 'changed  etc/passwd (mode)' 'extra    etc/new' \
	    'extra    root/d' 'missing  etc/group' >expected
	atf_check cmp expected sorted
	ok verify tiny
	ok stop web
	gives 1 verify web
	no_leaks
}

# Fetched anywhere, started where it can run.
start_do()
{
	begin
	no_manifests
	mirror "$rel"
	case $(uname -s) in
	Linux)
		# Nothing here updates it, which is said, and it stays.
		atf_check -s exit:1 -o ignore \
		    -e 'match:it is there, without updates: .*freebsd-update' \
		    "$program" -c "$conf" fetch --arch amd64 -u "$url" \
		    --ca-file "$dir/ca.pem" "$rel"
		;;
	*) get "$rel" ;;
	esac
	ok create -r "$rel" web
	case $(uname -s) in
	Linux)
		refuses 1 'needs a host that runs FreeBSD' start web
		refuses 125 'needs a host that runs FreeBSD' run -r "$rel" -- \
		    /bin/true
		state web stopped
		;;
	*)
		ok start web
		state web running
		ok stop web
		;;
	esac
	prints '/bin/sh /etc/rc' get exec_start web
	no_leaks
}

# A release for another processor: its shell says so, not its name.
machine_do()
{
	begin
	tiny_archive
	mkdir "$dir/other"
	tar -C "$dir/other" -xf "$dir/files/tiny.tar.xz"
	shell=$dir/other/bin/$(readlink "$dir/other/bin/sh" || echo sh)
	# e_machine: RISC-V.
	printf '\363\000' | dd of="$shell" bs=1 seek=18 conv=notrunc 2>/dev/null
	# shellcheck disable=SC2086
	tar -C "$dir/other" --numeric-owner $pack -cJf "$dir/files/other.tar.xz" .
	publish other.tar.xz
	serve "$dir/www"
	for name in tiny other; do
		ok fetch --url "https://localhost:$port/$name.tar.xz" \
		    --sha256 "$(sha256 "$dir/files/$name.tar.xz")" \
		    --ca-file "$dir/ca.pem" "$name"
	done
	refuses 1 'programs are for riscv, this host' create -r other web
	refuses 125 'programs are for riscv, this host' run -r other -- true
	# Not the jail's own doing: that of its release.
	ok create -r tiny web
	printf '\363\000' | dd of="$src/releases/tiny/p0/root${shell#"$dir/other"}" \
	    bs=1 seek=18 conv=notrunc 2>/dev/null
	refuses 1 'start web: its programs are for riscv' start web
	state web stopped
	# What is no program is no reason.
	echo '#!/bin/false' >"$src/releases/tiny/p0/root/bin/hello"
	ln -sf hello "$src/releases/tiny/p0/root/bin/sh"
	ok create -r tiny other
	rm "$src/releases/tiny/p0/root/bin/sh"
	mkfifo "$src/releases/tiny/p0/root/bin/sh"
	ok create -r tiny third
	ok destroy -y web other third
	no_leaks
}

dry_run_do()
{
	begin
	no_manifests
	snapshot >before
	ok -n fetch --arch amd64 "$rel"
	snapshot >after
	atf_check cmp before after
}

atf_init_test_cases()
{
	testcase freebsd "sets of FreeBSD, what becomes of them, and what is told"
	testcase hardenedbsd "HardenedBSD's layout, and its older one"
	testcase wrong "another hash, a missing set, a damaged manifest"
	testcase trust "whose manifest counts"
	testcase attack_44 "an older manifest, and an older release, replayed"
	testcase folder "from a folder, without a network"
	testcase hostile "a configuration in a set that is not one"
	testcase killed "kill -9 at any moment, and the same again"
	testcase resume "a transfer that breaks, and what is cached"
	testcase remote "what a mirror has"
	testcase verify "what has changed since"
	testcase verify_running "what a running jail has changed"
	testcase start "a system that cannot run it says so"
	testcase machine "programs for another processor"
	testcase dry_run "-n changes nothing"
}
