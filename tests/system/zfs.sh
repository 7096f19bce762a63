#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# A source in a pool of ZFS: the whole life of jails on it.
#
# The pool lies in a file.  Without ZFS in the kernel it is zfs-fuse's.  Its file
# systems cannot be id-mapped: jails there run with userns=off, which an
# administrator would have to say as well.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

layout_do()
{
	begin
	made_pool
	ok activate "$pool" -m "$dir/z" --name z
	atf_check -o match:"ioc_dataset_z=\"$pool/iocage\"" cat "$conf"
	atf_check -o inline:'yes\n' \
	    zfs get -H -o value org.freebsd.ioc:active "$pool"
	for d in releases jails; do
		atf_check -o inline:"$dir/z/$d\n" \
		    zfs get -H -o value mountpoint "$pool/iocage/$d"
	done
	for property in setuid exec devices; do
		atf_check -o inline:'off\n' \
		    zfs get -H -o value "$property" "$pool/iocage"
	done
	says "$pool/iocage" list -d -H
	cp "$conf" conf.before
	ok activate "$pool" --name z
	atf_check cmp conf.before "$conf"
	ok create -e z/web
	ok deactivate "$pool"
	atf_check -s exit:1 grep -q ioc_dataset_ "$conf"
	atf_check -o inline:'no\n' \
	    zfs get -H -o value org.freebsd.ioc:active "$pool"
	atf_check -o ignore zfs list "$pool/iocage/jails/web"
	# By name, without ioc.conf.
	says web --source "x=$pool/iocage" list -H -o name
}

# alone: no other pool of this host is marked as the one with the jails.
alone()
{
	others=$(zpool list -H -o name | grep -vx "$pool" |
	    xargs -r zfs get -H -o name,value org.freebsd.ioc:active |
	    awk '$2 == "yes" { printf "%s ", $1 }')
	[ -z "$others" ] || atf_skip "this host has an active pool: $others"
}

# The mark of the pool is enough where ioc.conf names none.
marked_do()
{
	begin_pool
	alone
	ok create -e web
	printf 'ioc_run_dir="%s/run"\n' "$dir" >"$conf"
	prints "ioc	web" list -H -o source,name
	# One that came with a stream, or is inherited, does not count.
	zfs inherit org.freebsd.ioc:active "$pool"
	refuses_quietly list
}

refuses_quietly()
{
	atf_check -s exit:1 -e match:activate "$program" -c "$conf" "$@"
}

refused_do()
{
	begin
	made_pool
	for name in nosuchpool "$pool;id" "-r" "$pool@x" "$pool/.."; do
		atf_check -s not-exit:0 -e not-empty \
		    "$program" -c "$conf" activate --name z -- "$name"
	done
	atf_check -s exit:1 -e match:'absolute' \
	    "$program" -c "$conf" activate "$pool" -m relative --name z
	atf_check -s exit:1 grep -q ioc_dataset "$conf"
}

whole_do()
{
	begin_pool
	fetch_tiny
	prints tiny list -r -H -o name
	ok create -r tiny web $os_no_idmap
	datasets 'web\nweb/root\n'
	atf_check -o match:"^$pool/iocage/releases/tiny/p0/root@" \
	    zfs get -H -o value origin "$pool/iocage/jails/web/root"
	state web stopped
	ok start web
	state web running
	ok exec web -- sh -c 'echo mine >/etc/mine; rm /etc/group'
	prints mine exec web -- cat /etc/mine
	refuses_quietly_busy
	ok restart web
	prints mine exec web -- cat /etc/mine
	ok create -r tiny other $os_no_idmap
	ok start other
	gives 1 exec other -- test -e /etc/mine
	gives 0 exec other -- test -e /etc/group
	ok stop web other
	ok destroy -y web other
	quiet
	prints tiny list -r -H -o name
}

# It runs: nothing takes its root away.
refuses_quietly_busy()
{
	gives 1 destroy -y web
	gives 1 rename web www
	state web running
	gives 0 exec web -- true
}

thick_do()
{
	begin_pool
	fetch_tiny
	ok create -T -r tiny web $os_no_idmap
	atf_check -o inline:'-\n' \
	    zfs get -H -o value origin "$pool/iocage/jails/web/root"
	ok start web
	ok exec web -- sh -c 'echo mine >/etc/mine'
	prints mine exec web -- cat /etc/mine
	ok stop web
	ok destroy -y web
	quiet
}

rename_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web user.a=b $os_no_idmap
	ok create -r tiny other
	gives 1 rename web other
	ok rename web www
	gives 1 get user.a web
	prints b get user.a www
	ok start www
	ok stop www
	datasets 'other\nother/root\nwww\nwww/root\n'
	ok destroy -y www other
	quiet
}

run_do()
{
	begin_pool
	fetch_tiny
	prints hello run -r tiny ${os_no_idmap:+-o $os_no_idmap} -- echo hello
	quiet
}

needed_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web
	gives 1 destroy -y -r tiny
	prints tiny list -r -H -o name
	ok destroy -y web
	ok destroy -y -r tiny
	atf_check "$program" -c "$conf" list -r -H -o name
	quiet
}

# Nobody becomes the host's root because a file system cannot do better.
no_idmap_do()
{
	begin_pool
	[ -n "$os_no_idmap" ] && command -v zfs-fuse >/dev/null ||
	    atf_skip "this ZFS needs no setting for its jails"
	fetch_tiny
	ok create -r tiny web
	atf_check -s exit:1 -e match:'id-mapped|idmap' \
	    "$program" -c "$conf" -q start web
	state web stopped
	ok destroy -y web
	quiet
}

# Two sources of two kinds, each addressed by its name.
both_do()
{
	begin
	made_pool
	ok activate "$pool" -m "$dir/z" --name z
	ok create -e web
	ok create -e z/web
	atf_check -o inline:"$source	web\nz	web\n" \
	    "$program" -c "$conf" list -H -o source,name
	ok destroy -y z/web
	prints "$source	web" list -H -o source,name
}

# A jail that libioc has made: seen as it is, and nothing is written.
legacy_do()
{
	begin
	made_pool
	alone
	zfs create -o mountpoint="$dir/old" "$pool/iocage"
	for d in base jails pkg releases releases/12.1-RELEASE jails/web; do
		zfs create "$pool/iocage/$d"
	done
	chmod 700 "$dir/old/jails/web" "$dir/old/releases/12.1-RELEASE"
	zfs create "$pool/iocage/releases/12.1-RELEASE/root"
	echo old >"$dir/old/releases/12.1-RELEASE/root/file"
	zfs snapshot "$pool/iocage/releases/12.1-RELEASE/root@p0"
	zfs clone "$pool/iocage/releases/12.1-RELEASE/root@p0" \
	    "$pool/iocage/jails/web/root"
	cat >"$dir/old/jails/web/config.json" <<-'EOF'
	{
	    "CONFIG_VERSION": "34",
	    "allow": { "raw_sockets": "yes" },
	    "boot": "yes",
	    "host_hostname": "old.example.org",
	    "release": "12.1-RELEASE",
	    "user": { "note": "mine" }
	}
	EOF
	zfs set org.freebsd.ioc:active=yes "$pool"
	printf 'ioc_run_dir="%s/run"\n' "$dir" >"$conf"
	old_state >before
	prints 'ioc	web	stopped	yes' list -H -o source,name,state,boot
	prints old.example.org get host_hostname web
	prints mine get user.note web
	prints 12.1-RELEASE list -r -H -o name
	old_state >after
	atf_check cmp before after
	printf 'ioc_dataset_x="%s/iocage"\n' "$pool" >>"$conf"
	prints 'x	web' list -H -o source,name
	old_state >after
	atf_check cmp before after
	# Its administrator may go on with it.
	ok activate "$pool" --name x
	ok rename web www
	prints old.example.org get host_hostname www
	ok create -r 12.1-RELEASE new
	atf_check -o inline:old'\n' cat "$dir/old/jails/new/root/file"
	atf_check -o inline:"$pool/iocage/releases/12.1-RELEASE/root@p0\n" \
	    zfs get -H -o value origin "$pool/iocage/jails/new/root"
	ok destroy -y www new
}

# secret DATASET OPTION...: makes it, with a key.
secret()
{
	echo password | zfs create -o encryption=on -o keyformat=passphrase \
	    "$@" >secret.out 2>&1
}

# What has a key that is not there is refused in one sentence, and is what it was.
locked_do()
{
	begin
	made_pool
	ok deactivate "$src"
	secret -o mountpoint="$dir/z" "$pool/iocage" ||
	    atf_skip "this ZFS does not encrypt: $(head -n 1 secret.out)"
	ok activate "$pool" --name "$source"
	src=$dir/z
	fetch_tiny
	ok create -r tiny web
	ok start web
	ok exec web -- sh -c 'echo mine >/etc/mine'
	ok stop web
	ok snapshot create web@a
	zfs unmount -f "$pool/iocage" && zfs unload-key "$pool/iocage" ||
	    atf_fail "it has its key"
	why='key of the dataset [^ ]* is not loaded|key not loaded'
	for what in 'create -e new' 'start web' 'snapshot create web@b' \
	    'snapshot web' 'get boot web' 'rename web www' 'destroy -y web' \
	    'export web x.tar' "activate $pool --name $source"; do
		locked_refuses $what
	done
	"$program" -c "$conf" list >out 2>err
	grep -qE "$why" err || atf_fail "list: $(cat out err)"
	echo password | zfs load-key "$pool/iocage" && zfs mount -a ||
	    atf_fail "no key"
	ok start web
	prints mine exec web -- cat /etc/mine
	ok stop web
	# A jail with a key of its own beside one that has none.
	secret "$pool/iocage/jails/own" && zfs create "$pool/iocage/jails/own/root" ||
	    atf_fail "$(cat secret.out)"
	echo '{ "notes": "own" }' >"$src/jails/own/config.json"
	prints own get notes own
	zfs unmount "$pool/iocage/jails/own" &&
	    zfs unload-key "$pool/iocage/jails/own" || atf_fail "it has its key"
	for what in 'start own' 'get notes own' 'export own x.tar'; do
		locked_refuses $what
	done
	prints "own	broken
web	stopped" list -H -o name,state
	[ -z "$(ls -A "$src/jails/own")" ] || atf_fail "something was written"
	ok destroy -y own
	ok destroy -y web
	quiet
}

locked_refuses()
{
	"$program" -c "$conf" -q "$@" >out 2>err </dev/null &&
	    atf_fail "it was done: $*"
	grep -qE "$why" err || atf_fail "does not say why: $*: $(cat err)"
	[ "$(wc -l <err)" -le 2 ] || atf_fail "more than one: $(cat err)"
}

old_state()
{
	zfs get -H -r -o name,property,value,source \
	    mountpoint,setuid,exec,origin,canmount "$pool/iocage"
	find "$dir/old" -ls
	cksum "$dir/old/jails/web/config.json"
}

atf_init_test_cases()
{
	zcase layout "activate makes what libioc had, deactivate deletes nothing"
	zcase marked "the pool that is marked is a source, unless by inheritance"
	zcase refused "names that are no pool, mount points that are none"
	zcase whole "create, start, exec, stop, destroy"
	zcase thick "a full copy depends on nothing"
	zcase rename "rename, and what refuses it"
	zcase run "an ephemeral jail"
	zcase needed "a release that a jail needs stays"
	zcase no_idmap "without id-mapped mounts userns=off must be said"
	zcase both "two sources with a jail of the same name"
	zcase legacy "what libioc has made is seen and not touched"
	zcase locked "a key that is not loaded"
}
