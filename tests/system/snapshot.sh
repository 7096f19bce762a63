#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Snapshots and clones, on both kinds of sources.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

# in_directory, in_pool: a source of that kind with the release tiny.  `may` is
# what its jails need, `live` says that a snapshot is of one moment.
in_directory()
{
	begin
	with tiny
	may=
	live=false
}

in_pool()
{
	begin_pool
	with_tiny
	may=$os_no_idmap
	live=true
}

# says_in NAME COMMAND: runs a shell command in a jail that is started for it.
inside()
{
	ok start "$1"
	ok exec "$1" -- sh -c "$2"
	ok stop "$1"
}

# has NAME FILE TEXT: what a file of a jail says.
has()
{
	ok start "$1"
	prints "$3" exec "$1" -- cat "$2"
	ok stop "$1"
}

# snapshots NAME LIST: those that there are, with a space before each.
snapshots()
{
	atf_check -o "inline:$2\n" -e ignore sh -c "
	    '$program' -c '$conf' snapshot list -H -o name '$1' |
	    awk '{ printf \" %s\", \$0 } END { print \"\" }'"
}

whole()
{
	ok create -r tiny web notes=first $may
	inside web 'echo first >/etc/mine'
	prints 'web@a created' snapshot create web@a
	gives 1 snapshot create web@a
	gives 1 snapshot create nosuch@a
	inside web 'echo second >/etc/mine; rm /etc/group; echo >/etc/more'
	ok set notes=second web
	prints 'web@b created' snapshot web@b
	ok snapshot create web@c
	snapshots web ' a b c'
	# Exactly the one that is named, and never more than was said.
	refused 'newer.*: b, c' snapshot rollback web@a
	gives 1 snapshot rollback web@none
	snapshots web ' a b c'
	prints second get notes web
	ok snapshot rollback -f web@a
	snapshots web ' a'
	prints first get notes web
	has web /etc/mine first
	ok start web
	gives 0 exec web -- test -e /etc/group
	gives 1 exec web -- test -e /etc/more
	refused 'runs' snapshot rollback web@a
	ok exec web -- sh -c 'echo third >/etc/mine'
	ok snapshot rollback -f web@a
	state web stopped
	has web /etc/mine first
	ok snapshot remove web@a
	gives 1 snapshot remove web@a
	snapshots web ''
	ok snapshot create web@last
	ok rename web www
	snapshots www ' last'
	ok destroy -y www
}

# refused PATTERN ARG...: one sentence, and the status 1.
refused()
{
	pattern=$1
	shift
	atf_check -s exit:1 -e "match:$pattern" \
	    "$program" -c "$conf" -q "$@"
}

directory_whole_do()
{
	in_directory
	whole
	no_leaks
}

pool_whole_do()
{
	in_pool
	whole
	quiet
}

running()
{
	ok create -r tiny web $may
	ok start web
	ok exec web -- sh -c 'echo first >/etc/mine'
	if $live; then
		ok snapshot create web@a
		state web running
		ok exec web -- sh -c 'echo second >/etc/mine'
		ok clone web now
	else
		refused 'runs' snapshot create web@a
		refused 'runs' clone web now
		snapshots web ''
		gives 1 get notes now
		ok stop web
		ok snapshot create web@a
		inside web 'echo second >/etc/mine'
		ok clone web now
	fi
	prints before clone web@a before
	! $live || ok stop web
	has before /etc/mine first
	has now /etc/mine second
	# Each is one of its own.
	for property in host_hostuuid id_base; do
		for name in web now before; do
			ioc get "$property" "$name" 2>/dev/null
		done >values
		[ -z "$(grep -v '^-$' values | sort | uniq -d)" ] ||
		    atf_fail "the same $property: $(cat values)"
	done
	ok start now
	prints now exec now -- hostname
	ok stop now
	snapshots now ''
	gives 1 clone web now
	gives 1 clone web@none x
	gives 1 clone web web
	gives 1 clone web@a x nosuchproperty=1
	ok clone web@a - notes=mine
	# Owners are those of its own users.
	ok start before
	ok exec before -- sh -c 'echo more >>/etc/mine && chown 1000 /etc/mine'
	ok stop before
}

directory_running_do()
{
	in_directory
	running
	ok destroy -f -y '*'
	no_leaks
}

pool_running_do()
{
	in_pool
	running
	# Who depends on it is named; promoted, they do not any more.
	atf_check -s exit:1 -e match:'now' -e match:'before' \
	    "$program" -c "$conf" -q destroy -f -y web
	refused 'before' snapshot remove web@a
	ok promote now before
	ok create -r tiny plain $may
	refused 'no other jail' promote plain
	# Those that others depend on are named, and go in the next round.
	ok destroy -y plain web
	until "$program" -c "$conf" -q destroy -y '*' >/dev/null 2>&1; do
		[ "$(ioc list -H -o name | wc -l)" -gt 0 ] || break
		tries=x${tries-}
		[ "$tries" != xxxx ] || atf_fail "$(ioc destroy -y '*' 2>&1)"
	done
	quiet
}

# A release that only a snapshot needs.
needed_do()
{
	in_directory
	ok create -r tiny web
	ok snapshot create web@a
	refused 'web' destroy -y -r tiny
	rm "$src/jails/web/origin"
	sed -i.bak 's/"tiny"/"gone"/' "$src/jails/web/config.json"
	refused 'web' destroy -y -r tiny
	rm "$src/jails/web/config.json.bak"
	ok snapshot rollback web@a
	has web /etc/passwd "$(cat "$src/releases/tiny/p0/root/etc/passwd")"
}

# What others have made is theirs, and seen.
foreign_do()
{
	in_pool
	ok create -r tiny web $may
	zfs snapshot -r "$pool/iocage@auto-1"
	ok snapshot create web@mine
	zfs snapshot -r "$pool/iocage@auto-2"
	snapshots web ' auto-1 mine auto-2'
	refused 'auto-2' snapshot rollback web@mine
	ok rename web www
	snapshots www ' auto-1 mine auto-2'
	atf_check -o match:'@auto-1$' -o match:'@auto-2$' \
	    zfs list -H -t snapshot -o name -r "$pool/iocage/jails/www"
	ok snapshot rollback -f www@mine
	snapshots www ' auto-1 mine'
	# Of the root alone it would be lost as well.
	zfs snapshot "$pool/iocage/jails/www/root@only"
	refused 'only' snapshot rollback www@mine
	ok destroy -y www
}

usage_do()
{
	in_directory
	ok create -r tiny web
	gives 2 snapshot
	gives 2 snapshot create
	gives 2 snapshot create web
	gives 2 snapshot create web@
	gives 2 snapshot list web@a
	gives 2 snapshot eat web@a
	gives 2 snapshot remove -f web@a
	for bad in -r '../x' 'a/b' 'a b' 'a@b' '..' "$(printf 'a\nb')"; do
		refuses 1 'snapshot name' snapshot create "web@$bad"
		refuses 1 'snapshot name' snapshot rollback "web@$bad"
		refuses 1 'snapshot name' snapshot remove "web@$bad"
		refuses 1 'snapshot name' clone "web@$bad" new
	done
	ok snapshot create web@a
	"$program" -c "$conf" -j snapshot list web >out
	jq -e '.schema == 1 and .snapshots[0].name == "a" and
	    (.snapshots[0].used | type) == "number"' out >jq.out ||
	    atf_fail "$(cat out)"
	says 'would do' -n snapshot rollback web@a
}

# No space for the copy: nothing of it is left, the jail is what it was.
full_do()
{
	begin
	mkdir "$dir/small"
	os_tmpfs "$dir/small" 20m || atf_skip "no file system of its own"
	ok activate --dir "$dir/small/source" --name small
	ok create -e small/web notes=first
	dd if=/dev/zero of="$dir/small/source/jails/web/root/big" bs=1024 \
	    count=8000 2>dd.err || atf_fail "$(cat dd.err)"
	ok snapshot create small/web@a
	ok set notes=second small/web
	refused 'space|No space' snapshot create small/web@b
	refused 'space|No space' snapshot rollback small/web@a
	prints second get notes small/web
	atf_check -o "inline:a\n" "$program" -c "$conf" snapshot list -H \
	    -o name small/web
	[ ! -e "$dir/small/source/jails/web/.part" ] || atf_fail "a part stays"
	rm "$dir/small/source/jails/web/root/big"
	ok recover
	prints second get notes small/web
	ok snapshot rollback small/web@a
	prints first get notes small/web
	[ -s "$dir/small/source/jails/web/root/big" ] || atf_fail "no file"
}

# Old state or new, of files and configuration alike.
kill_rollback_do()
{
	in_pool
	ok create -r tiny web notes=a $may
	inside web 'echo a >/etc/mine'
	ok snapshot create web@a
	took=1500
	i=0
	while more "$rounds"; do
		ok set notes=b web
		inside web 'echo b >/etc/mine'
		killed snapshot rollback web@a
		now=$(ioc get notes web)
		case $now in
		a | b) has web /etc/mine "$now" ;;
		*) atf_fail "round $i: $now" ;;
		esac
	done
	ok destroy -y web
	quiet
}

rounds=${IOC_TEST_KILLS:-4}

atf_init_test_cases()
{
	testcase directory_whole "directory: create, list, rollback, remove"
	zcase pool_whole "ZFS: create, list, rollback, remove"
	testcase directory_running "directory: a stopped jail only, and clones"
	zcase pool_running "ZFS: while it runs, and clones that share"
	testcase needed "the release of a snapshot stays"
	zcase foreign "snapshots that others have made"
	testcase usage "names that are none, wrong usage, JSON"
	testcase full "no space left"
	zcase kill_rollback "ZFS: a rollback killed at any moment"
}
