#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails as files: export and import, between sources of both kinds.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

# tree DIRECTORY: all that a backup keeps of it, a line for each name.
tree()
{
	(cd "$1" && find . -mindepth 1 \( -type f -o -type d -o -type l \) \
	    -exec ls -ldn '{}' + | awk '{ $2 = ""; if (/^d/) $5 = "";
	    sub(/^l[rwx-]*/, "l"); print }' | sort -k 8 &&
	    find . -type f -exec cksum '{}' + | sort -k 3)
}

# same A B: they are the same.
same()
{
	tree "$1" >tree.a
	tree "$2" >tree.b
	diff tree.a tree.b >&2 || atf_fail "$2 is not like $1"
}

# A thin jail with changes of all kinds, made from inside.
changed()
{
	ok create -r tiny web notes=mine tags=a,b
	ok start web
	ok exec web -- sh -c 'cd /etc && echo mine >mine && rm group &&
	    ln mine again && ln -s /etc/mine link && chmod 600 passwd &&
	    mkdir -p /new/deep && echo x >/new/deep/x && chmod 711 /new &&
	    mkfifo /new/fifo && rm -rf /root && mkdir /root'
	ok stop web
}

# seen JAIL: what it sees of its root, from inside.
seen()
{
	ok start "$1" >&2
	ioc exec "$1" -- sh -c 'cd / && find bin etc new root -type f |
	    sort | while read -r f; do echo "$f"; wc -c <"$f"; done
	    cat /etc/mine /new/deep/x; ls -ln /etc /root |
	    sed "/total/d;s/^l[rwx-]*/l/"'
	ok stop "$1" >&2
}

whole_do()
{
	begin
	with tiny
	changed
	seen web >seen.web
	atf_check -o empty -e match:"FIFOs and devices were left out" \
	    "$program" -c "$conf" -q export web "$dir/web.tar"
	prints copy import copy "$dir/web.tar"
	seen copy >seen.copy
	diff seen.web seen.copy >&2 || atf_fail "it is another one"
	# Its root is its own, and nothing of an overlay is in it.
	root=$src/jails/copy/root
	[ ! -e "$root/etc/group" ] || atf_fail "what was removed is there"
	[ -z "$(find "$root" -type c -o -type p)" ] || atf_fail "a whiteout"
	[ -n "$(find "$root/etc/mine" -samefile "$root/etc/again")" ] ||
	    atf_fail "no hard link any more"
	prints mine get notes copy
	prints yes get thick copy
	prints tiny get release copy
	# A second generation is the same file, but for what it is called.
	ok export copy "$dir/copy.tar"
	for file in web copy; do
		mkdir "$dir/$file"
		tar -xf "$dir/$file.tar" -C "$dir/$file"
	done
	cmp "$dir/web/root.mtree" "$dir/copy/root.mtree" ||
	    atf_fail "the records differ"
	same "$dir/web/root" "$dir/copy/root"
	ok destroy -y copy
	no_leaks
}

formats_do()
{
	begin
	with tiny
	changed
	ok export web "$dir/a.tar"
	ok import a "$dir/a.tar"
	ok export -z web "$dir/b.tar"
	[ "$(wc -c <"$dir/b.tar")" -lt "$(wc -c <"$dir/a.tar")" ] ||
	    atf_fail "not smaller"
	ok import b "$dir/b.tar"
	ok export --format directory web "$dir/c"
	[ "$(stat -c %a "$dir/c" 2>/dev/null || stat -f %Lp "$dir/c")" = 700 ] ||
	    atf_fail "everybody may look into it"
	ok import c "$dir/c"
	"$program" -c "$conf" -q export -z web - >"$dir/d.tar" ||
	    atf_fail "export -"
	"$program" -c "$conf" -q import d - <"$dir/d.tar" >/dev/null ||
	    atf_fail "import <file"
	# shellcheck disable=SC2002
	cat "$dir/d.tar" | "$program" -c "$conf" -q import e - >/dev/null ||
	    atf_fail "import of a pipe"
	for jail in b c d e; do
		same "$src/jails/a/root" "$src/jails/$jail/root"
	done
	says '"imported": \{' -j import f "$dir/a.tar"
	says '"exported": \{' -j export f "$dir/f.tar"
	no_leaks
}

refused_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok export web "$dir/web.tar"
	refuses 1 "web.tar exists already" export web "$dir/web.tar"
	refuses 1 "jail web exists already" import "$dir/web.tar"
	refuses 1 "jail web exists already" import web "$dir/web.tar"
	refuses 1 "no such file|No such file" import x "$dir/nothing.tar"
	refuses 1 "No such file" export web "$dir/nowhere/x.tar"
	refuses 1 "no jail none" export none "$dir/x.tar"
	refuses 1 "not compressed" export -z --format directory web "$dir/x"
	refuses 1 "no such snapshot" export web@s "$dir/x.tar"
	refuses 1 "no such snapshot" export --incremental s web "$dir/x.tar"
	refuses 1 "no streams of ZFS" export --format zfs web "$dir/x.tar"
	refuses 1 "not hold a stream" import --format zfs x "$dir/web.tar"
	refuses 1 "Unrecognized|not a backup" import x "$conf"
	mkfifo "$dir/fifo"
	refuses 1 "neither a file nor a directory" import x "$dir/fifo"
	refuses 2 "usage" export web
	refuses 2 "usage" import
	refuses 1 "may not contain a space" import 'a b' "$dir/web.tar"
	ok start web
	refuses 1 "it runs" export web "$dir/x.tar"
	ok stop web
	[ ! -e "$dir/x.tar" ] || atf_fail "a part of it is there"
	before=$(ls -A "$dir")
	ok -n export web "$dir/x.tar"
	ok -n import x "$dir/web.tar"
	[ "$before" = "$(ls -A "$dir")" ] || atf_fail "a dry run wrote"
	no_leaks
}

# A byte, the end, and what a text says.
damaged_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok export web "$dir/web.tar"
	size=$(wc -c <"$dir/web.tar")
	for at in $((size / 3)) $((size / 2)); do
		cp "$dir/web.tar" "$dir/bad.tar"
		printf '\377\001' | dd of="$dir/bad.tar" bs=1 seek="$at" \
		    conv=notrunc 2>/dev/null
		refuses 1 "record says|damaged|SHA256SUMS says|member" \
		    import x "$dir/bad.tar"
	done
	for part in 3 2; do
		head -c $((size / part)) "$dir/web.tar" >"$dir/bad.tar"
		refuses 1 "damaged|truncated" import x "$dir/bad.tar"
	done
	ok export --format directory web "$dir/tree"
	echo more >>"$dir/tree/root/etc/passwd"
	refuses 1 "SHA256SUMS says" import x "$dir/tree"
	sed -i.bak 's/"mine"/"x"/;s/{/{ /' "$dir/tree/config.json"
	refuses 1 "SHA256SUMS says" import x "$dir/tree"
	rm "$dir/tree/SHA256SUMS"
	refuses 1 "SHA256SUMS" import x "$dir/tree"
	no_leaks
}

# What a tenant may not say, an administrator's own jail may not either.
reduced_do()
{
	begin
	with tiny
	ok create -r tiny web notes=keep boot=yes maxproc=50 user.a=b
	ok fstab add /usr /mnt web
	ok export web "$dir/web.tar"
	for what in boot host_hostuuid maxproc "mount of /usr on /mnt"; do
		"$program" -c "$conf" -q import x "$dir/web.tar" >/dev/null \
		    2>err || atf_fail "import"
		grep -q "warning: $what is left out" err ||
		    atf_fail "says nothing of $what: $(cat err)"
		ok destroy -y x
	done
	ok import x "$dir/web.tar"
	prints keep get notes x
	prints b get user.a x
	prints no get boot x
	prints - get maxproc x
	[ ! -e "$src/jails/x/fstab" ] || atf_fail "it has mounts"
	[ "$(ioc get host_hostuuid x)" != "$(ioc get host_hostuuid web)" ] ||
	    atf_fail "two jails are one host"
	no_leaks
}

# A tree that its jail has made for whoever reads it.
hostile_do()
{
	begin
	with tiny
	ok create -T -r tiny web
	root=$src/jails/web/root
	echo secret >"$dir/secret"
	ln -s "$dir/secret" "$root/etc/out"
	ln -s / "$root/host"
	mkfifo "$root/fifo"
	mkdir "$root/closed"
	chmod 0 "$root/closed"
	truncate -s 64M "$root/sparse"
	truncate -s 200M "$root/begin"
	printf x >"$root/between"
	truncate -s 30M "$root/between"
	printf y >>"$root/between"
	timeout 60 "$program" -c "$conf" -q export -z web "$dir/web.tar" \
	    2>/dev/null || atf_fail "status $?"
	mkdir "$dir/out"
	tar -xf "$dir/web.tar" -C "$dir/out"
	! grep -rq secret "$dir/out/root/etc" 2>/dev/null ||
	    [ -L "$dir/out/root/etc/out" ] || atf_fail "it was followed"
	[ -L "$dir/out/root/host" ] || atf_fail "no link any more"
	[ ! -e "$dir/out/root/fifo" ] || atf_fail "a FIFO"
	ok import x "$dir/web.tar"
	same "$root" "$src/jails/x/root"
	# Nor does it take the room of what is not there.
	ok export web "$dir/plain.tar"
	[ "$(wc -c <"$dir/plain.tar")" -lt 60000000 ] ||
	    atf_fail "holes fill the archive"
	[ "$(du -sk "$src/jails/x/root" | cut -f1)" -lt 60000 ] ||
	    atf_fail "holes fill the disk"
	mkdir "$root/$(printf 'a\033]2;x\007')"
	refuses 1 'control characters' export web "$dir/x.tar"
	rmdir "$root"/a*x*
	(cd "$root" && i=0 && while [ $i -lt 70 ]; do
		mkdir d && cd d && i=$((i + 1)); done)
	refuses 1 'more than 64 components' export web "$dir/x.tar"
	[ ! -e "$dir/x.tar" ] || atf_fail "a part of it is there"
}

# As libioc writes them: what differs from the release, without hashes.
libioc_do()
{
	begin
	with tiny
	old=$dir/old
	mkdir -p "$old/root/etc"
	printf '{ "release": "tiny", "host_hostname": "old.example",
	    "exec_prestart": "touch /pwned", "allow_raw_sockets": "yes" }' \
	    >"$old/config.json"
	printf '/usr\tbackup:///root/mnt\tnullfs\tro\t0\t0\n' >"$old/fstab"
	echo changed >"$old/root/etc/group"
	refuses 1 "give one" import "$old"
	"$program" -c "$conf" -q import a "$old" >/dev/null 2>err ||
	    atf_fail "a directory: $(cat err)"
	grep -q "exec_prestart is left out" err || atf_fail "no word: $(cat err)"
	grep -q "no hashes" err || atf_fail "no word: $(cat err)"
	(cd "$old" && tar -czf "$dir/old.tar.gz" .)
	ok import b "$dir/old.tar.gz"
	for jail in a b; do
		prints old.example get host_hostname $jail
		prints tiny get release $jail
		ok start $jail
		prints changed exec $jail -- cat /etc/group
		ok exec $jail -- cat /etc/passwd
		ok stop $jail
	done
	: >"$old/root.zfs"
	refuses 1 "streams in backups of libioc" import c "$old"
	rm "$old/root.zfs"
	sed -i.bak 's/tiny/absent/' "$old/config.json"
	refuses 1 "needs the release absent" import c "$old"
	no_leaks
}

# Between a pool and a directory, and back.
between_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web notes=z $os_no_idmap
	root=$src/jails/web/root
	echo mine >"$root/etc/mine"
	ok export web "$dir/web.tar"
	printf 'ioc_run_dir="%s/run"\nioc_dir_plain="%s"\n' "$dir" "$plain" \
	    >"$dir/plain.conf"
	atf_check -o inline:'copy\n' -e ignore "$program" -q \
	    -c "$dir/plain.conf" import copy "$dir/web.tar"
	same "$root" "$plain/jails/copy/root"
	atf_check -e ignore "$program" -q -c "$dir/plain.conf" export -z copy \
	    "$dir/copy.tar"
	ok import back "$dir/copy.tar"
	same "$root" "$src/jails/back/root"
	ok destroy -y back
	[ -z "$(find "$src/.staging" "$src/.journal" -mindepth 1)" ] ||
	    atf_fail "something is left"
}

# One that runs is read from a snapshot, which goes again.
running_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web $os_no_idmap
	ok start web
	ok exec web -- sh -c 'echo before >/etc/mine'
	ok export web "$dir/web.tar"
	state web running
	ok exec web -- sh -c 'echo after >/etc/mine'
	ok import copy "$dir/web.tar"
	atf_check -o inline:'before\n' cat "$src/jails/copy/root/etc/mine"
	left=$(zfs list -H -r -t snapshot -o name "$pool/iocage/jails")
	[ -z "$left" ] || atf_fail "snapshots: $left"
	ok stop web
}

# Of a jail whose root is a tree of its own, "$src/jails/web/root".
incremental()
{
	root=$src/jails/web/root
	ok snapshot create web@one
	echo two >"$root/etc/two"
	rm "$root/etc/group"
	chmod 700 "$root/tmp"
	mv "$root/etc/passwd" "$root/etc/was"
	rmdir "$root/root" && echo file >"$root/root"
	ok snapshot create web@two
	# A directory is as old as what was last done in it.
	touch -r "$root/etc" "$dir/time"
	echo three >"$root/etc/three"
	ok export web@one "$dir/one.tar"
	ok export --incremental one web@two "$dir/two.tar"
	[ "$(wc -c <"$dir/two.tar")" -lt $(($(wc -c <"$dir/one.tar") / 2)) ] ||
	    atf_fail "it is as large as all of it"
	refuses 1 "no jail was made from its base" import two "$dir/two.tar"
	ok import one "$dir/one.tar"
	ok import two "$dir/two.tar"
	rm "$root/etc/three"
	touch -r "$dir/time" "$root/etc"
	same "$root" "$src/jails/two/root"
	[ ! -e "$src/jails/two/root/etc/group" ] || atf_fail "it came back"
	shared=$(find "$src/jails/one/root/bin" -type f | head -n 1)
	echo more >>"$shared"
	refuses 1 "the base has changed" import other "$dir/two.tar"
	refuses 1 "is whole|incremental backups are archives|whole root" \
	    export --incremental one --format zfs web "$dir/x"
	refuses 1 "no such snapshot|does not exist|could not find" \
	    export --incremental x web "$dir/x"
}

incremental_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web $os_no_idmap
	incremental
}

incremental_directory_do()
{
	begin
	with tiny
	ok create -T -r tiny web
	incremental
	no_leaks
}

# What a thin jail has changed, removed and put something else in the place of.
layers_do()
{
	begin
	with tiny
	changed
	ok snapshot create web@one
	ok start web
	ok exec web -- sh -c 'cd /etc && echo two >mine && rm passwd again &&
	    mkdir group && echo x >group/x && rm -rf /new && echo x >/new &&
	    chmod 700 /tmp && touch two'
	# It runs: the snapshot stays as it is.
	ok export web@one "$dir/one.tar"
	ok exec web -- rm /etc/mine
	ok stop web
	ok snapshot create web@two
	ok start web
	ok exec web -- sh -c 'rm -rf /etc/group; echo three >/etc/three'
	ok stop web
	ok export --incremental one web@two "$dir/two.tar"
	ok export web@two "$dir/whole.tar"
	ok export web "$dir/now.tar"
	ok import one "$dir/one.tar"
	ok import two "$dir/two.tar"
	ok export two "$dir/again.tar"
	for file in one whole again now; do
		mkdir "$dir/$file"
		tar -xf "$dir/$file.tar" -C "$dir/$file"
	done
	cmp "$dir/whole/root.mtree" "$dir/again/root.mtree" ||
	    atf_fail "another tree came of it"
	same "$dir/whole/root" "$dir/again/root"
	[ "$(cat "$dir/one/root/etc/mine")" = mine ] &&
	    [ "$(cat "$dir/whole/root/new")" = x ] &&
	    [ ! -e "$dir/whole/root/etc/mine" ] &&
	    [ "$(cat "$dir/now/root/etc/three")" = three ] ||
	    atf_fail "not as it was at that time"
	ok snapshot remove web@one
	refuses 1 "no such snapshot" export web@one "$dir/x.tar"
	no_leaks
}

# A stream only for who asks for it.
stream_do()
{
	begin_pool
	fetch_tiny
	ok create -r tiny web notes=s $os_no_idmap
	ok export --format zfs web "$dir/web.zfs"
	refuses 1 "stream of ZFS" import x "$dir/web.zfs"
	ok import --format zfs x "$dir/web.zfs"
	same "$src/jails/web/root" "$src/jails/x/root"
	prints s get notes x
	cp "$dir/web.zfs" "$dir/bad"
	printf '\377\001' | dd of="$dir/bad" bs=1 conv=notrunc \
	    seek=$(($(wc -c <"$dir/bad") / 2)) 2>/dev/null
	refuses 1 "SHA256SUMS says|damaged" import --format zfs y "$dir/bad"
	left=$(zfs list -H -r -t filesystem -o name "$pool/iocage/.staging" |
	    grep -vx "$pool/iocage/.staging")
	[ -z "$left" ] || atf_fail "left in staging: $left"
}

atf_init_test_cases()
{
	testcase whole "a thin jail becomes a file, and a jail again"
	testcase formats "compressed, a directory, a pipe"
	testcase refused "what cannot be is one sentence and changes nothing"
	testcase damaged "whatever is changed in a backup is noticed"
	testcase reduced "only what a tenant may say is taken"
	testcase hostile "a tree that wants to trap its reader"
	testcase libioc "backups of libioc"
	testcase incremental_directory "what differs from a snapshot, of a copy"
	testcase layers "snapshots of a thin jail, one that runs as well"
	zcase between "from ZFS to a directory and back"
	zcase running "a jail that runs, from a snapshot"
	zcase incremental "what differs from a snapshot"
	zcase stream "a stream of ZFS"
}
