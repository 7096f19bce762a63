#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Directories of the host in jails, and a jail's resolv.conf.
. "$(atf_get_srcdir)/common.sh"

# made [OPTION...]: the jail web from a tiny release, and data of the host.
made()
{
	begin
	with tiny
	ok create -r tiny web "$@"
	mkdir "$dir/data" "$dir/a b"
	echo host >"$dir/data/file"
	chmod 1777 "$dir/data"
	fstab=$src/jails/web/fstab
}

# jail COMMAND: a shell command in web.
jail()
{
	"$program" -c "$conf" exec web -- sh -c "$1"
}

file_do()
{
	needs jq
	made
	says "$dir/data on /data .nullfs, ro." fstab add "$dir/data" /data web
	ok fstab add -o rw,noexec --freq 1 --passno 2 -c 'two words' \
	    "$dir/a b" web
	ok fstab add -t tmpfs -o rw,size=1M none /t web
	atf_check -o inline:"$dir/data\t/data\tnullfs\tro\t0\t0\n" \
	    sed -n 1p "$fstab"
	atf_check -o "inline:$dir/a\\\\040b\t$dir/a\\\\040b\tnullfs\trw,noexec\t1\t2\t# two words\n" \
	    sed -n 2p "$fstab"
	atf_check -o save:shown -e ignore "$program" -c "$conf" -j fstab show web
	atf_check -o ignore jq -e '.schema == 1 and (.fstab | length) == 3' shown
	atf_check -o inline:'true\n' jq '.fstab[1] | .passno == 2 and
	    .options == ["rw", "noexec"] and .comment == "two words"' shown
	says '^none	/t	tmpfs	rw,size=1M	0	0	-$' fstab show -H web
	# By target, by source, and each only once.
	refuses 1 'target of line 1' fstab add "$dir/a b" /data/ web
	ok fstab rm /t web
	ok fstab rm "$dir/a b" web
	refuses 1 'no line' fstab rm /t web
	ok fstab add "$dir/data" /data2 web
	refuses 1 'name the target' fstab rm "$dir/data" web
	# A dry run changes nothing.
	cksum "$fstab" >before
	ok -n fstab add "$dir/data" /data3 web
	ok -n fstab rm /data web
	atf_check -o file:before cksum "$fstab"
	# Whoever may not change it says so.
	open_program
	os_nobody "$public" -c "$conf" fstab rm /data web >said 2>&1 &&
	    atf_fail "nobody may change it"
	ok fstab rm /data web
	ok fstab rm /data2 web
	[ ! -e "$fstab" ] || atf_fail "an empty file is left"
}

start_do()
{
	made
	echo secret >"$dir/one"
	ok fstab add "$dir/data" /data web
	ok fstab add -o rw "$dir/data" "/m n/rw" web
	ok fstab add -o rw,size=1M -t tmpfs tmpfs /t web
	ok start web
	atf_check -o inline:'host\n' "$program" -c "$conf" exec web -- \
	    cat /data/file
	if jail 'echo x >/data/new' 2>/dev/null; then
		atf_fail "what is ro was written to"
	fi
	jail 'echo jail >"/m n/rw/new"' || atf_fail "rw cannot be written to"
	atf_check -o inline:'jail\n' cat "$dir/data/new"
	if jail 'head -c 3000000 /dev/zero >/t/big' 2>/dev/null; then
		atf_fail "the tmpfs has no size"
	fi
	# A program of the host's root gives nobody its rights.
	cp "$(command -v id)" "$dir/data/id" && chmod 4755 "$dir/data/id"
	if [ "$(uname -s)" = Linux ]; then
		jail 'grep " /data " /proc/self/mounts' >mounts
	else
		mount -p | grep "/data[[:space:]]" >mounts
		grep -q nosymfollow mounts ||
		    atf_fail "links are followed: $(cat mounts)"
	fi
	grep -q nosuid mounts || atf_fail "not nosuid: $(cat mounts)"
	ok stop web
	no_leaks
	atf_check -o inline:'host\n' cat "$dir/data/file"
	# Again, with what the first start has made.
	ok start web
	ok destroy -f -y web
	no_leaks
	atf_check -o inline:'host\n' cat "$dir/data/file"
}

live_do()
{
	made
	ok start web
	gives 1 exec web -- test -e /data/file
	ok fstab add "$dir/data" /data web
	prints host exec web -- cat /data/file
	ok fstab add -t tmpfs -o rw,size=1M tmpfs /data2/deep web
	ok exec web -- touch /data2/deep/x
	ok fstab rm /data web
	gives 1 exec web -- test -e /data/file
	ok fstab rm /data2/deep web
	gives 1 exec web -- test -e /data2/deep/x
	[ ! -e "$fstab" ] || atf_fail "lines are left: $(cat "$fstab")"
	# Both or nothing: what cannot be mounted is not written either.
	jail 'ln -s /tmp /link; mkdir /d; ln -s ../../../.. /d/up; echo >/f'
	for target in /link/x /d/up/x /f/x; do
		refuses 1 "fstab of web" fstab add "$dir/data" "$target" web
		[ ! -e "$fstab" ] || atf_fail "$target was written"
	done
	ok fstab add "$dir/data" /data web
	ok restart web
	prints host exec web -- cat /data/file
	ok stop web
	no_leaks
}

refused_do()
{
	made
	tab=$(printf '\t')
	for bad in "$dir/data /../x" "$dir/data /a/../../x" "$dir/data/.. /x" \
	    "$dir/data x" "/ /x" "$dir/data /" "$dir/nothing /x" \
	    "relative /x" "$src /x" "$dir /x" "/dev/null /x" \
	    "$dir/data /x${tab}y"; do
		refuses 1 'fstab of web' fstab add "${bad% *}" "${bad#* }" web
	done
	for options in dev rw,ro ro,ro '' user ro,size=1M 'ro ' "ro,$tab" rbind \
	    loop 'x-systemd.automount'; do
		refuses 1 'option|size' fstab add -o "$options" "$dir/data" /x \
		    web
	done
	refuses 2 'none of' fstab add -t ext4 "$dir/data" /x web
	refuses 1 'comment' fstab add -c "a${tab}b" "$dir/data" /x web
	refuses 1 'comment' fstab add -c iocage-auto "$dir/data" /x web
	refuses 2 'none of' fstab eat web
	refuses 2 'for .fstab add' fstab rm -o ro /x web
	refuses 2 'missing' fstab add web
	refuses 1 'no jail' fstab show nosuch
	# By hand: the first line that is wrong is told at the start.
	printf '# %s\n%s /x nullfs ro 0 0\n%s /../x nullfs ro 0 0\n' 1 \
	    "$dir/data" "$dir/data" >"$fstab"
	refuses 1 'fstab, line 3: target .*\.\.' start web
	printf '%s /x nullfs\n' "$dir/data" >"$fstab"
	refuses 1 'fstab, line 1' start web
	printf '%s /x nullfs ro\n%s /x/ nullfs ro\n' "$dir/data" "$dir/a\\040b" \
	    >"$fstab"
	refuses 1 'line 2: target /x is there twice' start web
	printf 'tmpfs /dev tmpfs ro\n' >"$fstab"
	refuses 1 '/dev is mounted by a property' start web
	no_leaks
	# A link in a source, which another jail might have made.
	ln -s data "$dir/link"
	printf '%s /x nullfs ro 0 0\n' "$dir/link" >"$fstab"
	refuses 1 'source' start web
	rm "$fstab"
	refuses 1 'source.*link' fstab add "$dir/link" /x web
	refuses 1 'source.*link' fstab add "$dir/link/." /x web
}

old_do()
{
	made
	echo spaced >"$dir/a b/file"
	# What predecessors wrote: "\ ", targets as paths of the host, marks.
	{
		printf '# kept as it is\n\n'
		printf '%s/a\\ b %s/jails/web/root/o\\ ld nullfs ro 0 0\n' \
		    "$dir" "$src"
		printf '/nosuch /bin nullfs ro 0 0 # iocage-auto\n'
	} >"$fstab"
	cp "$fstab" kept
	ok start web
	prints spaced exec web -- cat '/o ld/file'
	ok fstab add "$dir/data" /data web
	ok fstab rm /data web
	atf_check -o file:kept cat "$fstab"
	ok fstab rm "/o ld" web
	gives 1 exec web -- test -e '/o ld/file'
	atf_check -o match:iocage-auto -o match:'kept as it is' cat "$fstab"
}

# A jail moves the target of a mount about while the host mounts.
race_do()
{
	made
	mkdir "$dir/out"
	ok start web
	jail 'mkdir -p /r/d /r/s; ln -s ../../../../../../.. /r/l
	    while :; do mv /r/d /r/x; mv /r/l /r/d; mv /r/d /r/l; mv /r/x /r/d
	    done' >/dev/null 2>&1 &
	attacker=$!
	done=0
	refused=0
	for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \
	    21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
		if "$program" -c "$conf" -q fstab add "$dir/data" \
		    "/r/d/$dir/out" web >/dev/null 2>said; then
			done=$((done + 1))
			"$program" -c "$conf" -q fstab rm "/r/d/$dir/out" web \
			    >/dev/null 2>&1
		else
			refused=$((refused + 1))
			[ "$(wc -l <said)" -ge 1 ] || atf_fail "says nothing"
		fi
	done
	kill $attacker
	wait $attacker 2>/dev/null
	echo "$round rounds: $done mounted, $refused refused"
	atf_check ls "$dir/out"
	ok stop -f web
	no_leaks
	atf_check ls "$dir/out"
}

shared_do()
{
	made
	ok create -r tiny db
	ok fstab add -o rw "$dir/data" /data web
	ioc doctor 2>/dev/null | grep '^share' >share || atf_fail "no feature share"
	if grep -q '^share *yes' share; then
		atf_check -o ignore -e match:'jail web has .*data' \
		    "$program" -c "$conf" fstab add -o rw "$dir/data" /data db
	else
		# The kernel lets them out: refused, unless a line says so.
		refuses 1 'jail web has .*data.*shared' \
		    fstab add -o rw "$dir/data" /data db
		refuses 1 'jail web has .*jails/web' \
		    fstab add "$src/jails/web/root" /web db
		[ ! -e "$src/jails/db/fstab" ] || atf_fail "it was written"
		printf '%s /d nullfs rw 0 0\n' "$dir/data" \
		    >"$src/jails/db/fstab"
		refuses 1 'fstab: jail web has' start db
		refuses 1 'fstab: jail db has' start web
		no_leaks
		rm "$src/jails/db/fstab"
		ok fstab add -o rw,shared "$dir/data" /data db
		ok start web db
		ok exec web -- sh -c 'echo x >/data/x'
		prints x exec db -- cat /data/x
		ok stop web db
		no_leaks
	fi
	atf_check -o ignore -e not-match:'jail web has' \
	    "$program" -c "$conf" fstab add -o rw "$dir/a b" /ab db
	atf_check -o ignore -e not-match:'jail web has' \
	    "$program" -c "$conf" fstab add -o rw,shared "$dir/data" /d2 db
}

resolver_do()
{
	made resolver='nameserver 192.0.2.1; search example.org'
	ok start web
	atf_check -o inline:'nameserver 192.0.2.1\nsearch example.org\n' \
	    "$program" -c "$conf" exec web -- cat /etc/resolv.conf
	# Owned by the jail's root, who may change it; the next start writes it.
	says '^-rw-r--r-- +1 0 +0 ' exec web -- ls -ln /etc/resolv.conf
	jail 'echo x >/etc/resolv.conf' || atf_fail "it cannot be changed"
	ok stop web
	ok set resolver='::1,2001:db8::1' web
	ok start web
	atf_check -o inline:'nameserver ::1\nnameserver 2001:db8::1\n' \
	    "$program" -c "$conf" exec web -- cat /etc/resolv.conf
	ok stop web
	printf 'nameserver 192.0.2.7\n# %s\n' '$(touch pwned)' >"$dir/resolv"
	ok set resolver="$dir/resolv" web
	ok start web
	atf_check -o file:"$dir/resolv" "$program" -c "$conf" exec web -- \
	    cat /etc/resolv.conf
	ok stop web
	ok set resolver=none web
	ok start web
	atf_check -o file:"$dir/resolv" "$program" -c "$conf" exec web -- \
	    cat /etc/resolv.conf
	ok stop web
	ok set resolver="$dir/nosuch" web
	refuses 1 'resolver' start web
	for bad in 'nameserver' 'nameserver x' '1.2.3' 'search a_b' 'search' \
	    'nameserver 1.2.3.4 5' 'eat 1.2.3.4' ';' 'options $(x)' \
	    'nameserver ::1%-x'; do
		refuses 1 'resolver' set resolver="$bad" web
	done
	prints 'nameserver 192.0.2.9' run -r tiny -o resolver=192.0.2.9 -- \
	    cat /etc/resolv.conf
}

# 24: what a jail may put where the host writes.
resolver_hostile_do()
{
	made
	echo precious >"$dir/precious"
	for how in "ln -s ../../../../../../../..$dir/precious" \
	    "ln -s $dir/precious" "ln -s /proc/1/root$dir/precious" \
	    mkfifo mkdir 'ln -s nowhere'; do
		ok set resolver=none web
		ok start -o exec_start=- web
		jail "rm -rf /etc/resolv.conf; $how /etc/resolv.conf" ||
		    atf_fail "cannot make it: $how"
		ok stop web
		ok set resolver=192.0.2.1 web
		timeout 60 "$program" -c "$conf" -q start web >said 2>&1 &&
		    atf_fail "started with $how"
		atf_check -o match:'resolv.conf.*not a regular file' cat said
		no_leaks "$how"
	done
	# The directory itself.
	for link in "$dir" ../../../../../../../..$dir; do
		ok set resolver=none web
		ok start -o exec_start=- web
		jail "[ -e /etc2 ] || mv /etc /etc2; rm -f /etc;
		    ln -s $link /etc" || atf_fail "cannot move /etc"
		ok stop web
		ok set resolver=192.0.2.1 web
		timeout 60 "$program" -c "$conf" -q start web >said 2>&1 &&
		    atf_fail "started with /etc at $link"
		no_leaks "$link"
	done
	atf_check -o inline:'precious\n' cat "$dir/precious"
	[ ! -e "$dir/resolv.conf" ] || atf_fail "it was written outside"
}

atf_init_test_cases()
{
	testcase file "lines are added, shown and removed"
	testcase start "what is mounted at a start, and how"
	testcase live "a jail that runs: the file and the mount together"
	testcase refused "paths, types, options and lines that are not accepted"
	testcase old "files of predecessors"
	testcase race "a target that the jail moves about"
	testcase shared "two jails that share a directory"
	testcase resolver "lines, a file of the host, none"
	testcase resolver_hostile "links, fifos and directories in its place"
}
