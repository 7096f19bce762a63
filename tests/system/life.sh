#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# The life of a jail: create, start, stop, restart, rename, run, destroy.
. "$(atf_get_srcdir)/common.sh"

whole_do()
{
	begin
	with native
	ok create -r "$release" web
	state web stopped
	ok start web
	state web running
	says '^(ID|NAME)=' exec web -- cat /etc/os-release
	says web list
	ok stop web
	state web stopped
	no_leaks stop
	ok destroy -y web
	atf_check "$program" -c "$conf" list -H -o name
	[ ! -e "$src/jails/web" ] || atf_fail "its directory is still there"
	no_leaks destroy
	says "^$release" list -r -H -o name
}

data_stays_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok start web
	ok exec web -- sh -c 'echo mine >/etc/mine; rm /etc/group'
	ok restart web
	prints mine exec web -- cat /etc/mine
	gives 1 exec web -- test -e /etc/group
	# Another jail of the same release sees none of it.
	ok create -r tiny other
	ok start other
	gives 1 exec other -- test -e /etc/mine
	gives 0 exec other -- test -e /etc/group
	ok stop web other
	no_leaks
}

thick_do()
{
	begin
	with tiny
	ok create -T -r tiny web
	ok start web
	ok exec web -- sh -c 'echo mine >/etc/mine'
	prints mine exec web -- cat /etc/mine
	ok stop web
	ok destroy -y web
	prints tiny list -r -H -o name
	no_leaks
}

# A dot in its name is none in the kernel's; the two jails are not one.
dotted_do()
{
	begin
	with tiny
	ok create -r tiny a.b
	ok create -r tiny a-b
	for name in a.b a-b; do
		state "$name" stopped
		ok start "$name"
		prints "$name" exec "$name" -- hostname
	done
	ok stop a.b
	state a.b stopped
	state a-b running
	ok stop a-b
	ok destroy -y a.b a-b
	no_leaks
}

properties_do()
{
	begin
	with tiny
	ok create -r tiny web host_hostname=www.example.org user.owner=me
	ok start web
	prints www.example.org exec web -- hostname
	prints me get user.owner web
	ok stop web
	ok start -o host_hostname=once.example.org web
	prints once.example.org exec web -- hostname
	prints www.example.org get host_hostname web
	ok stop web
}

count_do()
{
	begin
	with tiny
	ok create -r tiny -C 3 web
	atf_check -o inline:'web-1\nweb-2\nweb-3\n' \
	    "$program" -c "$conf" list -H -o name
	ok start 'web-*'
	atf_check -o inline:'running\nrunning\nrunning\n' \
	    "$program" -c "$conf" list -H -o state
	ok stop 'web-*'
	ok destroy -y 'web-*'
	atf_check "$program" -c "$conf" list -H -o name
	no_leaks
}

made_up_do()
{
	begin
	with tiny
	ok create -r tiny -
	ok create -r tiny -
	atf_check -o inline:'2\n' sh -c "'$program' -c '$conf' list -H -o name |
	    sort -u | grep -c ."
}

rename_do()
{
	begin
	with tiny
	ok create -r tiny web user.a=b
	ok start web
	refuses 1 'web' rename web www
	ok stop web
	ok create -r tiny other
	refuses 1 'other' rename web other
	ok rename web www
	refuses 1 'web' get user.a web
	prints b get user.a www
	ok start www
	ok stop www
	ok destroy -y www other
	no_leaks
}

twice_do()
{
	begin
	with tiny
	ok create -r tiny web
	refuses 1 'web' create -r tiny web
	refuses 1 'web' stop web
	ok start web
	refuses 1 'web' start web
	refuses 1 'web' destroy -y web
	state web running
	ok destroy -y -f web
	no_leaks
}

run_do()
{
	begin
	with tiny
	prints out run -r tiny -- echo out
	gives 7 run -r tiny -- sh -c 'exit 7'
	gives 127 run -r tiny -- no-such-command
	prints two run -r tiny -e one=two -- sh -c 'echo $one'
	atf_check -o inline:'in\n' sh -c \
	    "echo in | '$program' -c '$conf' run -r tiny -- cat"
	atf_check "$program" -c "$conf" list -H -o name
	no_leaks
}

run_killed_do()
{
	begin
	with tiny
	"$program" -c "$conf" run -r tiny -- sleep 1000 &
	pid=$!
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.3
		os_pids | grep -q sleep && break
	done
	os_pids | grep -q sleep || atf_fail "it has not started ($wait looks)"
	kill -9 $pid
	wait $pid
	sleep 0.5
	if os_pids | grep -q sleep; then
		atf_fail "the jail has outlived who made it"
	fi
	ok recover
	no_leaks
}

ignores_term_do()
{
	begin
	with tiny
	ok create -r tiny web stop_timeout=1
	ok start web
	ok exec web -- sh -c '(trap "" TERM; while :; do sleep 1; done) \
	    >/dev/null 2>&1 </dev/null &'
	ok stop web
	state web stopped
	no_leaks
}

at_once_do()
{
	begin
	with tiny
	for i in 1 2 3 4; do
		"$program" -c "$conf" -q create -r tiny one >/dev/null \
		    2>err.$i && echo yes >>created &
	done
	wait
	atf_check -o inline:'yes\n' cat created
	for i in 1 2 3 4; do
		"$program" -c "$conf" -q start one >/dev/null 2>err.$i &&
		    echo yes >>started &
	done
	wait
	atf_check -o inline:'yes\n' cat started
	state one running
	for i in 1 2 3 4; do
		"$program" -c "$conf" -q destroy -y -f one >/dev/null \
		    2>err.$i && echo yes >>destroyed &
	done
	wait
	atf_check -o inline:'yes\n' cat destroyed
	no_leaks
}

dry_run_do()
{
	begin
	with tiny
	ok create -r tiny web
	snapshot >before
	ok -n create -r tiny other
	ok -n start web
	ok -n rename web www
	ok -n destroy -y web
	ok -n set user.a=b web
	snapshot >after
	atf_check cmp before after
	state web stopped
	no_leaks
}

no_crossing_do()
{
	begin
	with tiny
	ok create -T -r tiny web
	mkdir "$dir/precious"
	echo x >"$dir/precious/file"
	root=$(find "$src/jails/web" -name bin -type d | head -n 1)
	root=${root%/bin}
	mount --bind "$dir/precious" "$root/tmp" 2>/dev/null ||
	    mount -t nullfs "$dir/precious" "$root/tmp" ||
	    atf_fail "cannot mount"
	refuses 1 'mount|[Bb]usy' destroy -y web
	atf_check -o inline:'x\n' cat "$dir/precious/file"
	# Nothing of the jail itself has gone either.
	state web stopped
	ok start web
	ok stop web
	umount "$root/tmp"
	ok destroy -y web
	no_leaks
}

keep_do()
{
	begin
	with tiny
	atf_check -o inline:'x\n' -e match:'kept as mine' "$program" -c "$conf" \
	    run -r tiny --keep --name mine -o notes=n -- \
	    sh -c 'echo x >/tmp/f; echo x'
	state mine stopped
	prints n get notes mine
	ok start mine
	prints x exec mine -- cat /tmp/f
	ok stop mine
	refuses '1 125' exists run -r tiny --keep --name mine -- true
	refuses 2 keep run -r tiny --name other -- true
	ok -q run --keep -- true
	ok destroy -y '*'
	no_leaks
}

atf_init_test_cases()
{
	testcase whole "the main job on the distribution itself" 900
	testcase data_stays "what a jail wrote stays, and is its own"
	testcase thick "a full copy"
	testcase dotted "a name with a dot"
	testcase properties "properties at creation, and for one run only"
	testcase count "several at once, by name with a wildcard"
	testcase made_up "a name made up"
	testcase rename "another name"
	testcase twice "what cannot be done in the present state"
	testcase run "an ephemeral jail"
	testcase keep "an ephemeral jail that is to stay"
	testcase run_killed "an ephemeral jail ends with who made it"
	testcase ignores_term "processes that do not want to end"
	testcase at_once "commands on one jail at the same time"
	testcase dry_run "-n changes nothing"
	testcase no_crossing "destroy never crosses a mount"
}
