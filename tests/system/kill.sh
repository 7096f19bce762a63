#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at any moment: the old state or the new, and nothing left behind.
. "$(atf_get_srcdir)/common.sh"

rounds=${IOC_TEST_KILLS:-12}

# killed ARG...: runs the program and kills it at a random moment of the time
# that it takes; sets status, 137 when it was still running.  When it had ended
# already, the next moment is an earlier one.
killed()
{
	moment=$(number "$((took + 2))")
	seconds=$(awk -v ms="$moment" 'BEGIN { printf "%.3f", ms / 1000 }')
	"$program" -c "$conf" -q "$@" >/dev/null 2>killed.err </dev/null &
	pid=$!
	[ "$moment" -eq 0 ] || sleep "$seconds"
	kill -9 $pid 2>/dev/null
	wait $pid
	status=$?
	[ $status -eq 137 ] || took=$((took - took / 4))
	echo "$* killed after $moment of $took ms: status $status" >&2
}

# timed ARG...: runs it to its end and remembers how long it took.
timed()
{
	begun=$(now)
	ok -q "$@"
	took=$(($(now) - begun))
}

# recovered: the next command finds order or makes it.  What has been killed with
# the jail needs a moment to be gone.
recovered()
{
	sleep 0.1
	ok recover
	"$program" -c "$conf" -q list -H -o name,state >states 2>err ||
	    atf_fail "list: $(cat err)"
	[ ! -s err ] || atf_fail "list complains: $(tr '\n' ';' <err)"
	if grep -v -E '	(stopped|running)$' states >&2; then
		atf_fail "neither stopped nor running"
	fi
}

create_do()
{
	begin
	with tiny
	timed create -r tiny web
	ok destroy -y web
	hit=0
	i=0
	while more "$rounds"; do
		killed create -r tiny web
		[ $status -ne 137 ] || hit=$((hit + 1))
		recovered
		no_leaks "create, round $i"
		if [ -s states ]; then
			ok start web
			ok stop web
			ok destroy -y web
		else
			[ ! -e "$src/jails/web" ] ||
			    atf_fail "half a jail: $(ls -la "$src/jails/web")"
		fi
	done
	[ $hit -gt 0 ] || atf_fail "not once in $rounds rounds hit"
}

create_thick_do()
{
	begin
	with tiny
	timed create -T -r tiny web
	ok destroy -y web
	i=0
	while more "$rounds"; do
		killed create -T -r tiny web
		recovered
		no_leaks "create -T, round $i"
		[ ! -s states ] || ok destroy -y web
	done
}

# Of an export nothing is there but what is whole; a temporary name may be.
export_do()
{
	begin
	with tiny
	ok create -r tiny web
	timed export -z web "$dir/whole.tar"
	i=0
	while more "$rounds"; do
		killed export -z web "$dir/part.tar"
		recovered
		no_leaks "export, round $i"
		[ ! -e "$dir/part.tar" ] || ok import "x$i" "$dir/part.tar"
		rm -f "$dir/part.tar"
	done
}

import_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok export web "$dir/web.tar"
	timed import new "$dir/web.tar"
	ok destroy -y new
	hit=0
	i=0
	while more "$rounds"; do
		killed import new "$dir/web.tar"
		[ $status -ne 137 ] || hit=$((hit + 1))
		recovered
		no_leaks "import, round $i"
		if grep -q '^new' states; then
			ok start new
			ok stop new
			ok destroy -y new
		elif [ -e "$src/jails/new" ]; then
			atf_fail "half a jail"
		fi
	done
	[ $hit -gt 0 ] || atf_fail "not once in $rounds rounds hit"
}

start_do()
{
	begin
	with tiny
	ok create -r tiny web
	timed start web
	ok stop web
	hit=0
	i=0
	while more "$rounds"; do
		killed start web
		[ $status -ne 137 ] || hit=$((hit + 1))
		recovered
		case $(cut -f2 states) in
		stopped) no_leaks "start, round $i" ;;
		running) ok exec web -- true; ok stop web; no_leaks "stop, $i" ;;
		esac
		# It can always be started after that.
		ok start web
		ok exec web -- true
		ok stop web
	done
	[ $hit -gt 0 ] || atf_fail "not once in $rounds rounds hit"
}

stop_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok start web
	timed stop web
	i=0
	while more "$rounds"; do
		ok start web
		killed stop web
		recovered
		case $(cut -f2 states) in
		running)
			ok exec web -- true
			ok stop web
			;;
		esac
		no_leaks "stop, round $i"
		state web stopped
	done
}

destroy_do()
{
	begin
	with tiny
	ok create -r tiny web
	timed destroy -y web
	i=0
	while more "$rounds"; do
		ok create -r tiny web
		if [ $((i % 2)) -eq 0 ]; then
			ok start web
			killed destroy -y -f web
		else
			killed destroy -y web
		fi
		recovered
		if [ -s states ]; then
			[ "$(cut -f2 states)" = running ] || ok start web
			ok exec web -- true
			ok destroy -y -f web
		fi
		no_leaks "destroy, round $i"
		[ ! -e "$src/jails/web" ] || atf_fail "half of it is left"
	done
}

rename_do()
{
	begin
	with tiny
	ok create -r tiny one user.a=b
	timed rename one two
	i=0
	while more "$rounds"; do
		name=$("$program" -c "$conf" list -H -o name)
		case $name in one) other=two ;; *) other=one ;; esac
		killed rename "$name" "$other"
		recovered
		no_leaks "rename, round $i"
		name=$("$program" -c "$conf" list -H -o name)
		case $name in
		one | two) prints b get user.a "$name" ;;
		*) atf_fail "the jails are now: $name" ;;
		esac
	done
}

fetch_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	hash=$(sha256 "$dir/files/tiny.tar.xz")
	url=https://localhost:$port/tiny.tar.xz
	timed fetch --no-update --url "$url" --sha256 "$hash" \
	    --ca-file "$dir/ca.pem" tiny
	i=0
	while more "$rounds"; do
		killed fetch --no-update --url "$url" --sha256 "$hash" \
		    --ca-file "$dir/ca.pem" "tiny$i"
		recovered
		no_leaks "fetch, round $i"
		if "$program" -c "$conf" list -r -H -o name |
		    grep -qx "tiny$i"; then
			prints whole run -r "tiny$i" -- echo whole
		else
			[ ! -e "$src/releases/tiny$i" ] ||
			    atf_fail "half a release"
		fi
	done
}

run_do()
{
	begin
	with tiny
	timed run -r tiny -- true
	i=0
	while more "$rounds"; do
		killed run -r tiny -- sleep 0.05
		recovered
		[ ! -s states ] || atf_fail "it was kept: $(cat states)"
		no_leaks "run, round $i"
	done
}

set_do()
{
	begin
	with tiny
	ok create -r tiny web
	timed set priority=1 web
	last=1
	i=0
	while more "$rounds"; do
		killed set "priority=$((i + 100))" boot=yes web
		recovered
		value=$("$program" -c "$conf" get priority web) ||
		    atf_fail "it cannot be read"
		case $value in
		"$last" | $((i + 100))) last=$value ;;
		*) atf_fail "neither old nor new: $value" ;;
		esac
	done
	# The next writer takes away what a dead one left.
	ok set priority=1 web
	atf_check -o empty find "$src/jails/web" -name '.ioc-tmp-*'
}

# busy_jail: web runs, with so many processes that it takes time to end.
busy_jail()
{
	"$program" -c "$conf" -q list -H -o name | grep -qx web ||
	    ok create -r tiny web
	[ "$("$program" -c "$conf" list -H -o state web)" = running ] ||
	    ok start web
	ok exec web -- sh -c 'for i in $(seq 1 150); do
	    sleep 100 </dev/null >/dev/null 2>&1 & done'
}

# Killed between the signal that ends a jail and that end: what is said to run
# can be entered.
dying_do()
{
	[ -x "$progs/killat" ] || atf_skip "nothing traces on this system"
	begin
	with tiny
	# pidfd_send_signal(2) has this number everywhere.
	for at in $(seq 100 400); do
		[ $((at % 20)) -ne 0 ] || recovered
		"$program" -c "$conf" -q list -H -o name,state >states
		grep -q running states || busy_jail
		last=$("$progs/killat" "$at" "$program" -c "$conf" -q \
		    destroy -y -f web | tail -n 1)
		case $last in
		*' 424 '*) break ;;
		*' ended '*) atf_fail "no signal seen: $last" ;;
		esac
	done
	for i in 1 2 3 4 5 6; do
		busy_jail
		atf_check -o match:' killed 9 ' "$progs/killat" $((at + 1)) \
		    "$program" -c "$conf" -q destroy -y -f web
		now=$("$program" -c "$conf" -q list -H -o state web 2>/dev/null)
		[ "$now" != running ] || ok exec web -- true
		recovered
	done
	ok destroy -y -f web
	no_leaks
}

# fstab_agrees: what is mounted has a line, and that is whole.
fstab_agrees()
{
	"$program" -c "$conf" -q fstab show -H web >lines 2>err ||
	    atf_fail "fstab cannot be read: $(cat err)"
	"$program" -c "$conf" exec web -- cat /proc/mounts >mounts ||
	    atf_fail "the jail runs no more"
	if grep -q ' /mnt ' mounts && ! grep -q '	/mnt	' lines; then
		atf_fail "mounted without a line"
	fi
	grep -vE "^$dir/data	/(always|mnt)	nullfs	ro	0	0	" lines &&
	    atf_fail "a line that nobody has written"
	grep -q '	/always	' lines || atf_fail "another line is lost"
	grep -q ' /always ' mounts || atf_fail "another mount is lost"
}

fstab_do()
{
	case $(uname -s) in Linux) ;; *) atf_skip "no /proc/mounts" ;; esac
	begin
	with tiny
	mkdir "$dir/data"
	ok create -r tiny web
	ok start web
	ok fstab add "$dir/data" /always web
	timed fstab add "$dir/data" /mnt web
	ok fstab rm /mnt web
	hit=0
	i=0
	while more "$rounds"; do
		killed fstab add "$dir/data" /mnt web
		[ $status -ne 137 ] || hit=$((hit + 1))
		recovered
		fstab_agrees
		# Added or not: it can be taken away, and is gone then.
		"$program" -c "$conf" -q fstab rm /mnt web >/dev/null 2>&1
		ok fstab add "$dir/data" /mnt web
		killed fstab rm /mnt web
		[ $status -ne 137 ] || hit=$((hit + 1))
		recovered
		fstab_agrees
		"$program" -c "$conf" -q fstab rm /mnt web >/dev/null 2>&1
		"$program" -c "$conf" exec web -- cat /proc/mounts >mounts
		! grep ' /mnt ' mounts || atf_fail "it cannot be taken away"
	done
	[ $hit -gt 0 ] || atf_fail "not once in $rounds rounds hit"
	ok stop web
	no_leaks
	# It can be started with what there is.
	ok start web
	ok stop web
}

# Files and configuration of a jail at once, or neither.
snapshot_do()
{
	begin
	with tiny
	ok create -T -r tiny web notes=a
	ok start web
	ok exec web -- sh -c 'echo a >/etc/mine'
	ok stop web
	timed snapshot create web@a
	i=0
	while more $((rounds / 3 + 1)); do
		killed snapshot create web@b
		recovered
		no_leaks "snapshot, round $i"
		ls -A "$src/jails/web" >names
		! grep -q '^\.' names || atf_fail "left: $(cat names)"
		ioc snapshot list -H -o name web >names
		! grep -qx b names || ok snapshot remove web@b
		killed clone web@a copy
		recovered
		no_leaks "clone, round $i"
		! grep -q '^copy' states || ok destroy -y copy
	done
}

rollback_do()
{
	begin
	with tiny
	ok create -T -r tiny web notes=a
	ok start web
	ok exec web -- sh -c 'echo a >/etc/mine'
	ok stop web
	ok snapshot create web@a
	timed snapshot rollback web@a
	i=0
	while more $((rounds / 2 + 1)); do
		ok set notes=b web
		ok start web
		ok exec web -- sh -c 'echo b >/etc/mine'
		ok stop web
		ok snapshot create web@b
		killed snapshot rollback -f web@a
		recovered
		no_leaks "rollback, round $i"
		now=$(ioc get notes web)
		ok start web
		prints "$now" exec web -- cat /etc/mine
		ok stop web
		ioc snapshot list -H -o name web >names
		case $now:$(tr '\n' ' ' <names) in
		"a:a " | "b:a b ") ;;
		*) atf_fail "round $i: $now with $(cat names)" ;;
		esac
		[ "$now" = a ] || ok snapshot remove web@b
	done
}

atf_init_test_cases()
{
	testcase create "during create"
	testcase create_thick "during a full copy"
	testcase export "during export"
	testcase import "during import"
	testcase start "during start"
	testcase stop "during stop"
	testcase destroy "during destroy"
	testcase dying "between the last signal and the end"
	testcase rename "during rename"
	testcase fetch "during fetch"
	testcase run "during run"
	testcase set "during set"
	testcase fstab "during fstab add and rm, of a jail that runs"
	testcase snapshot "a snapshot or clone killed at any moment"
	testcase rollback "a rollback killed at any moment"
}
