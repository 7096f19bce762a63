#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# A source in a pool of ZFS: what is begun and not finished, by whoever died of it,
# for want of space, or at work still.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

rounds=${IOC_TEST_KILLS:-6}

# What may be used is used up: nothing happens, or all of it.
full_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny first
	used=$(zfs get -H -p -o value used "$pool/iocage")
	failures=0
	for more in 1 200 400 600; do
		zfs set quota=$((used + more * 1024)) "$pool/iocage"
		"$program" -c "$conf" -q create -r tiny web >out 2>err
		case $? in
		0) datasets 'first\nfirst/root\nweb\nweb/root\n'
		    zfs set quota=none "$pool/iocage"
		    ok destroy -y web ;;
		*) failures=$((failures + 1))
		    zfs set quota=none "$pool/iocage"
		    atf_check -o match:'^ioc: create web: ' cat err
		    datasets 'first\nfirst/root\n' ;;
		esac
		no_leaks "$more KiB"
	done
	[ "$failures" -gt 0 ] || atf_fail "it never was full"
	ok destroy -y first
	quiet
}

# begun TOKEN NAME: an entry of a create; who does not hold it is no more.
begun()
{
	printf 'op=create\0what=%s\0by=%d\0end\0' "$2" $$ \
	    >"$src/.journal/$1"
}

# removed NAME: what it is made of; that it was read keeps it for a moment.
removed()
{
	for try in 1 2 3 4 5 6 7 8 9; do
		zfs destroy -r "$pool/iocage/jails/$1" 2>removed.err && return 0
		sleep 0.$try
	done
	atf_fail "$(cat removed.err)"
}

# unmade NAME: what there is of a jail before it has a configuration, without a mark.
unmade()
{
	zfs create "$pool/iocage/jails/$1" && zfs create \
	    "$pool/iocage/jails/$1/root" || atf_fail "no dataset"
	echo mine >"$src/jails/$1/root/mine"
}

# What a create has left is taken back when it is marked as its own, with its token,
# there and nowhere else; the rest is somebody's.
unmarked_do()
{
	begin_pool
	for name in foreign other inherited set; do
		unmade "$name"
		begun "create-$name" "$name"
	done
	zfs set org.freebsd.ioc:build=create-another "$pool/iocage/jails/other"
	zfs set org.freebsd.ioc:build=create-set "$pool/iocage/jails/set"
	zfs set org.freebsd.ioc:build=create-inherited "$pool/iocage/jails"
	ok create -e web
	datasets 'foreign\nforeign/root\ninherited\ninherited/root\nother\nother/root\nweb\nweb/root\n'
	for name in foreign other inherited; do
		atf_check -o inline:'mine\n' cat "$src/jails/$name/root/mine"
		removed "$name"
	done
	# What has its configuration is a jail, whoever died.
	zfs set org.freebsd.ioc:build=create-web "$pool/iocage/jails/web"
	begun create-web web
	prints web list -H -o name
	ok destroy -y web
	quiet
}

# holds FILE: keeps its lock, as who is at work on it does.
holds()
{
	if command -v flock >/dev/null; then
		flock "$1" sleep 60 &
	else
		lockf -k "$1" sleep 60 &
	fi
	echo $! >holder
	sleep 0.5
}

# Nobody is shown a jail before it is one, and nobody takes it for a broken one.
unmade_do()
{
	begin_pool
	ok create -e web
	zfs create -o org.freebsd.ioc:build=create-new "$pool/iocage/jails/new"
	# Without a word of who is at it, it is a jail that has lost something.
	prints 'new	broken
web	stopped' list -H -o name,state
	begun create-new new
	holds "$src/.journal/create-new"
	prints web list -H -o name
	"$program" -c "$conf" list -H -o name new >out 2>err
	[ ! -s out ] || atf_fail "shown: $(cat out)"
	atf_check -s exit:1 -e match:'being created' \
	    "$program" -c "$conf" get boot new
	ok recover
	datasets 'new\nweb\nweb/root\n'
	pkill -P "$(cat holder)"
	wait
	prints web list -H -o name
	datasets 'web\nweb/root\n'
	ok destroy -y web
	quiet
}

# There is no second one of a name, and the first stays what it is.
exists_do()
{
	begin_pool
	fetch_tiny
	zfs create "$pool/iocage/jails/web"
	echo mine >"$src/jails/web/mine"
	zfs unmount "$pool/iocage/jails/web"
	rmdir "$src/jails/web" 2>/dev/null || :
	atf_check -s exit:1 -e match:'exists' \
	    "$program" -c "$conf" -q create -r tiny web
	datasets 'web\n'
	zfs mount "$pool/iocage/jails/web" 2>/dev/null || :
	atf_check -o inline:'mine\n' cat "$src/jails/web/mine"
	removed web
	quiet
}

kill_create_do()
{
	begin_pool
	fetch_tiny
	timed create -r tiny web $os_no_idmap
	ok destroy -y web
	i=0
	while more "$rounds"; do
		killed create -r tiny web $os_no_idmap
		[ -s states ] || { datasets ''; continue; }
		datasets 'web\nweb/root\n'
		ok start web
		ok stop web
		ok destroy -y web
	done
	quiet
}

kill_rename_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny a $os_no_idmap
	timed rename a b
	name=b
	i=0
	while more "$rounds"; do
		[ "$name" = a ] && to=b || to=a
		killed rename "$name" "$to"
		name=$(cut -f1 states)
		[ "$name" = a ] || [ "$name" = b ] ||
		    atf_fail "not one jail: $(cat states)"
		ok start "$name"
		ok stop "$name"
	done
	ok destroy -y "$name"
	quiet
}

kill_destroy_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web $os_no_idmap
	timed destroy -y web
	i=0
	while more "$rounds"; do
		ok create -r tiny web $os_no_idmap
		killed destroy -y web
		[ ! -s states ] || ok destroy -y web
	done
	quiet
}

atf_init_test_cases()
{
	zcase full "no space left in the pool"
	zcase unmarked "of a create that died, nothing but its own is taken back"
	zcase unmade "what is being created is no jail yet"
	zcase exists "a dataset that is not mounted has its name as well"
	zcase kill_create "create killed at any moment"
	zcase kill_rename "rename killed at any moment"
	zcase kill_destroy "destroy killed at any moment"
}
