#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails move to a newer release: two small ones that differ in what matters.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"
. "$(atf_get_srcdir)/inside.sh"

# --- two releases ------------------------------------------------------------------

# tree DIR VERSION: the root of a release.
tree()
{
	mkdir -p "$1/bin" "$1/etc/skel" "$1/tmp" "$1/root" "$1/dev" "$1/proc" \
	    "$1/sys" "$1/usr/local" "$1/usr/share" "$1/var/db" "$1/home"
	os_tiny "$1"
	chmod 1777 "$1/tmp"
	printf 'VERSION_ID=%s\n' "$2" >"$1/etc/os-release"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' \
	    >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
	echo "release $2" >"$1/usr/share/release"
	echo "release $2" >"$1/etc/plain"
	echo theirs >"$1/etc/mine"
	echo "release $2" >"$1/etc/removed"
	echo same >"$1/etc/same"
	echo "release $2" >"$1/etc/clash"
	echo "release $2" >"$1/var/db/state"
	printf 'binary\000%s\n' "$2" >"$1/etc/blob"
	ln -s "release-$2" "$1/etc/link"
	lines a b c d e f g h >"$1/etc/both"
	echo "release $2" >"$1/etc/skel/file"
}

old_tree()
{
	tree "$1" 1.5
	echo old >"$1/etc/only-old"
	mkdir "$1/etc/old.d" "$1/etc/kept.d"
	echo old >"$1/etc/old.d/file"
	echo old >"$1/etc/kept.d/file"
}

new_tree()
{
	tree "$1" 2.0
	lines a b c d e f g H >"$1/etc/both"
	echo 'daemon:x:77:77::/:/bin/false' >>"$1/etc/passwd"
	mkdir "$1/etc/new.d"
	echo new >"$1/etc/new.d/file"
	chmod 700 "$1/etc/new.d"
	echo new >"$1/etc/skel/new"
}

# release NAME FUNCTION: fetched as an archive, once for all tests.
release()
{
	mkdir -p "$dir/www" "$dir/files" "$dir/root"
	"$2" "$dir/root"
	# shellcheck disable=SC2086
	tar -C "$dir/root" --numeric-owner $pack -cJf "$dir/files/$1.tar.xz" . ||
	    atf_fail "cannot pack"
	rm -rf "$dir/root"
	publish "$1.tar.xz"
	[ -f server ] || serve "$dir/www"
	ok fetch --url "https://localhost:$port/$1.tar.xz" \
	    --sha256 "$(sha256 "$dir/files/$1.tar.xz")" \
	    --ca-file "$dir/ca.pem" "$1"
}

world()
{
	"${1:-begin}"
	release old old_tree
	release new new_tree
}

# --- a jail that was used ------------------------------------------------------------

# used NAME: what users do to a jail, without a conflict.
used()
{
	in_jail "$1" 'echo mine >/etc/mine; rm /etc/removed; echo x >/etc/new-of-mine
	    printf "A\nb\nc\nd\ne\nf\ng\nh\n" >/etc/both; echo mine >/var/db/state
	    echo "me:x:1001:1001::/home/me:/bin/sh" >>/etc/passwd
	    echo mine >/etc/kept.d/mine; mkdir /usr/local/x /home/me
	    echo local >/usr/local/x/y; echo data >/home/me/file
	    chown 1001 /home/me /home/me/file; chmod 600 /etc/plain
	    ln -sf release-mine /etc/other-link
	    rm -r /etc/skel; mkdir /etc/skel; echo mine >/etc/skel/mine'
}

# inside NAME: all that counts of it, as it is seen in it.
inside()
{
	in_jail "$1" 'cd / && find bin etc home root usr var ! -type d \
	    -exec ls -ldn "{}" + | sed "s/  */ /g" | cut -d" " -f1,3,4,9-
	    find etc home root usr/local var ! -type l -type f -exec cksum "{}" +
	    find etc home usr var -type d -exec ls -ldn "{}" + |
	    sed "s/  */ /g" | cut -d" " -f1,3,4,9-'
	sort out
}

# upgraded NAME: what has become of `used`.
upgraded()
{
	ok start "$1"
	has "$1" /usr/share/release 'release 2.0'
	has "$1" /etc/os-release VERSION_ID=2.0
	has "$1" /etc/plain 'release 2.0'
	has "$1" /etc/mine mine
	lacks "$1" /etc/removed
	has "$1" /etc/new-of-mine x
	has "$1" /etc/both A b c d e f g H
	has "$1" /var/db/state mine
	has "$1" /etc/passwd root:x:0:0:root:/root:/bin/sh \
	    user:x:1000:1000::/tmp:/bin/sh daemon:x:77:77::/:/bin/false \
	    me:x:1001:1001::/home/me:/bin/sh
	lacks "$1" /etc/only-old
	lacks "$1" /etc/old.d
	lacks "$1" /etc/kept.d/file
	has "$1" /etc/kept.d/mine mine
	has "$1" /etc/new.d/file new
	# It has made that directory anew: what it left out stays out.
	has "$1" /etc/skel/mine mine
	has "$1" /etc/skel/new new
	lacks "$1" /etc/skel/file
	has "$1" /usr/local/x/y local
	has "$1" /home/me/file data
	atf_check -o match:'^drwx------ ' "$program" -c "$conf" -q exec "$1" \
	    -- ls -ld /etc/new.d
	atf_check -o match:'^-rw------- ' "$program" -c "$conf" -q exec "$1" \
	    -- ls -l /etc/plain
	atf_check -o match:'release-2.0' "$program" -c "$conf" -q exec "$1" \
	    -- ls -l /etc/link
	atf_check -o match:' 1001 ' "$program" -c "$conf" -q exec "$1" \
	    -- ls -ln /home/me/file
	ok stop "$1"
	prints new get release "$1"
	no_leaks
}

there_and_back()
{
	used web
	inside web >inside.before
	prints 'web upgraded from old to new, 2 files merged' -q upgrade \
	    -r new web
	upgraded web
	refuses 1 'web is of release new already|it is of release new' \
	    upgrade -r new web
	says 'as before' update --rollback web
	prints old get release web
	inside web >inside.after
	diff inside.before inside.after >&2 || atf_fail "not as before"
	ok upgrade -r new web
	upgraded web
	ok destroy -y web
	no_leaks
}

thin_do()
{
	world
	ok create -r old web
	there_and_back
}

thick_do()
{
	world
	ok create -T -r old web
	there_and_back
}

# A clone of the old release's dataset, whose files become the new one's.
pool_do()
{
	world begin_pool
	# shellcheck disable=SC2086
	ok create -r old web $os_no_idmap
	used web
	inside web >inside.before
	prints 'web upgraded from old to new, 2 files merged' -q upgrade \
	    -r new web
	upgraded web
	says 'as before' update --rollback web
	prints old get release web
	inside web >inside.after
	diff inside.before inside.after >&2 || atf_fail "not as before"
	ok destroy -y web
	no_leaks
}

base_do()
{
	world
	ok create -b -r old web
	in_jail web 'echo mine >/etc/mine'
	ok upgrade -r new web
	ok start web
	has web /etc/mine mine
	has web /etc/plain 'release 2.0'
	ok stop web
	prints new get release web
	says 'as before' update --rollback web
	prints old get release web
	ok start web
	has web /etc/plain 'release 1.5'
	ok stop web
	no_leaks
}

# --- conflicts -------------------------------------------------------------------------

conflict_do()
{
	world
	ok create -r old web
	in_jail web 'echo mine >/etc/clash; printf "x\0y" >/etc/blob
	    rm /etc/link; echo file >/etc/link'
	inside web >inside.before
	kept=$src/jails/web/upgrade
	"$program" -c "$conf" -q upgrade -r new web >list 2>err &&
	    atf_fail "it was upgraded"
	grep -q '3 files of it must be merged by hand' err ||
	    atf_fail "$(cat err)"
	atf_check -o match:'/etc/blob: binary: see .*blob.jail' \
	    -o match:"/etc/clash: both have changed it: see $kept/merge/etc/clash" \
	    -o match:'/etc/link: it is another kind of file: see ' cat list
	[ "$(find "$kept" -prune -perm 700 -user 0)" = "$kept" ] ||
	    atf_fail "others can look: $(ls -ld "$kept")"
	lines '<<<<<<< jail' mine '||||||| old release' 'release 1.5' ======= \
	    'release 2.0' '>>>>>>> new release' | cmp - "$kept/merge/etc/clash" ||
	    atf_fail "$(cat "$kept/merge/etc/clash")"
	# Nothing was applied, and nothing is with half of them resolved.
	inside web >inside.after
	cmp inside.before inside.after || atf_fail "it was changed"
	prints old get release web
	no_leaks
	lines mine and theirs >"$kept/merge/etc/clash"
	rm "$kept/merge/etc/blob.jail"
	"$program" -c "$conf" -q upgrade -r new web >list 2>err &&
	    atf_fail "it was upgraded"
	atf_check -o match:'etc/link' -o not-match:'clash|blob' cat list
	# Changed after it was resolved: it must be merged again.
	in_jail web 'echo changed >/etc/clash'
	rm "$kept/merge/etc/link.release"
	"$program" -c "$conf" -q upgrade -r new web >list 2>err &&
	    atf_fail "it was upgraded"
	atf_check -o match:'etc/clash' -o not-match:'link|blob' cat list
	lines all of us >"$kept/merge/etc/clash"
	prints 'web upgraded from old to new, 2 files merged' -q upgrade \
	    -r new web
	ok start web
	has web /etc/clash all of us
	has web /etc/link file
	"$program" -c "$conf" -q exec web -- cat /etc/blob >got
	printf 'binary\0002.0\n' | cmp - got || atf_fail "not the release's"
	ok stop web
	atf_check test ! -e "$kept"
	no_leaks
}

# --- what is refused --------------------------------------------------------------------

refused_do()
{
	world
	ok create -r new web
	refuses 1 'release old \(1.5\) is older than new \(2.0\)' \
	    upgrade -r old web
	refuses 1 'it is of release new already' upgrade -r new web
	refuses 1 'nosuch' upgrade -r nosuch web
	refuses 1 'no jail nosuch' upgrade -r new nosuch
	refuses 2 'the release is missing' upgrade web
	ok create -e empty
	refuses 1 'not made from a release' upgrade -r new empty
	ok create -r old run
	ok start run
	refuses 1 'it runs' upgrade -r new run
	ok upgrade --restart -r new run
	state run running
	has run /etc/plain 'release 2.0'
	ok stop run
	# Another distribution.
	cp "$src/releases/old/release.json" saved
	sed 's/"archive"/"debian"/; s/"archive"/"freebsd"/' saved \
	    >"$src/releases/old/release.json"
	ok create -r new other
	sed 's/"release": *"new"/"release": "old"/' \
	    "$src/jails/other/config.json" >conf.new
	cat conf.new >"$src/jails/other/config.json"
	refuses 1 'a jail stays with its distribution' upgrade -r new other
	cat saved >"$src/releases/old/release.json"
	# Packages that the new release would not know.
	ok create -r old pkg
	in_jail pkg 'mkdir -p /var/lib/dpkg/info; : >/var/lib/dpkg/info/nginx.list'
	refuses 1 'the package nginx was installed in it' upgrade -r new pkg
	# The release that it was made from is gone.
	ok create -T -r old thick
	mv "$src/releases/old" "$dir/gone"
	refuses 1 'old' upgrade -r new thick
	mv "$dir/gone" "$src/releases/old"
	ok upgrade -r new thick
	no_leaks
}

# --- attacks -----------------------------------------------------------------------------

# 52: /etc is as hostile as can be: nothing of the host is read, written or waited
# for, and what is refused leaves all as it was.
hostile_do()
{
	world
	echo secret >"$dir/secret"
	ok create -T -r old web
	etc=$src/jails/web/root/etc
	rm -r "$etc/plain" "$etc/both" "$etc/clash" "$etc/mine" "$etc/removed" \
	    "$etc/blob" "$etc/old.d" "$etc/kept.d" "$etc/passwd"
	ln -s "$dir/secret" "$etc/plain"
	mkfifo "$etc/both"
	mknod "$etc/clash" c 1 3
	mkdir "$etc/mine"
	ln -s /proc/self/root "$etc/removed"
	dd if=/dev/zero of="$etc/blob" bs=1048576 seek=3000 count=0 2>/dev/null
	ln -s "$dir" "$etc/old.d"
	ln -s ../../../../../../.. "$etc/kept.d"
	# One line for the whole megabyte, and none that ends.
	{ printf 'root:'; head -c 1000000 /dev/zero | tr '\0' ':'; } >"$etc/passwd"
	printf '\033[2Jx\n' >"$etc/$(printf 'a\033[2J\nb')"
	cksum "$dir/secret" >secret.sum
	find "$etc" | LC_ALL=C sort >names.before
	timeout 60 "$program" -c "$conf" -q upgrade -r new web >list 2>err
	got=$?
	[ "$got" = 1 ] || atf_fail "status $got: $(cat err)"
	if LC_ALL=C grep -q '[[:cntrl:]]' list err; then
		atf_fail "control characters: $(cat -v list err)"
	fi
	for name in plain both clash removed blob; do
		grep -q "/etc/$name: .*see $src/jails/web/upgrade/merge/etc/$name" \
		    list || atf_fail "$name is not told: $(cat list)"
	done
	! grep -rq secret "$src/jails/web/upgrade" || atf_fail "it was read"
	find "$src/jails/web/upgrade" -type l -o -type p -o -type c >links
	[ ! -s links ] || atf_fail "kept: $(cat links)"
	cksum "$dir/secret" | cmp - secret.sum || atf_fail "it was written to"
	find "$etc" | LC_ALL=C sort | cmp - names.before || atf_fail "changed"
	no_leaks
	# All of the release's, then: the links are gone, what they led to is not.
	find "$src/jails/web/upgrade/merge" -name '*.jail' -exec rm '{}' +
	lines root:x:0:0:root:/root:/bin/sh >"$src/jails/web/upgrade/merge/etc/passwd"
	timeout 60 "$program" -c "$conf" -q upgrade -r new web >list 2>err ||
	    atf_fail "$(cat list err)"
	[ -f "$etc/plain" ] && [ ! -L "$etc/plain" ] || atf_fail "plain is a link"
	[ -f "$etc/both" ] && [ -f "$etc/clash" ] || atf_fail "they are there"
	[ "$(cat "$dir/secret")" = secret ] || atf_fail "it is gone"
	[ -d "$dir/source" ] || atf_fail "the source is gone"
	no_leaks
}

# 49: killed at any time: one of the two releases, never something in between.
kill_do()
{
	world
	ok create -T -r old web
	used web
	for wait in 0.01 0.03 0.06 0.1 0.15 0.25 0.4; do
		"$program" -c "$conf" -q upgrade -r new web >/dev/null 2>&1 &
		pid=$!
		sleep "$wait"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		settled
		no_leaks "a kill after $wait s"
		now=$("$program" -c "$conf" -q get release web)
		ok start web
		case $now in
		old) has web /etc/plain 'release 1.5'
		    has web /usr/share/release 'release 1.5' ;;
		new) has web /etc/plain 'release 2.0'
		    has web /etc/both A b c d e f g H
		    has web /usr/share/release 'release 2.0' ;;
		*) atf_fail "it is of release $now" ;;
		esac
		has web /etc/mine mine
		ok stop web
		[ "$now" = old ] || says 'as before' update --rollback web
	done
}

# --- what is told -------------------------------------------------------------------------

events_do()
{
	world
	ok create -r old web
	in_jail web 'echo mine >/etc/clash'
	# A dry run tells the steps, and changes nothing.
	snapshot >before
	"$program" -c "$conf" -n upgrade -r new web >plan 2>err ||
	    atf_fail "$(cat err)"
	snapshot >after
	cmp before after || atf_fail "a dry run has changed something"
	for step in journal copy system merge obtain rebuild install check \
	    snapshot switch; do
		grep -q "jail.upgrade/$step" plan err ||
		    atf_fail "no $step: $(cat plan err)"
	done
	"$program" -c "$conf" -q -j --events json upgrade -r new web >doc 2>log &&
	    atf_fail "it was upgraded"
	atf_check -o match:'"path": *"etc/clash"' -o match:'"upgraded": *false' \
	    cat doc
	grep -q '"code": *"STATE"' log || atf_fail "$(cat log)"
	echo ours >"$src/jails/web/upgrade/merge/etc/clash"
	"$program" -c "$conf" -q -j --events json upgrade -r new web >doc 2>log ||
	    atf_fail "$(cat log)"
	atf_check -o match:'"from": *"old"' -o match:'"to": *"new"' \
	    -o match:'"upgraded": *true' -o match:'"merged": *1' cat doc
	for step in journal copy system merge obtain rebuild install check \
	    snapshot switch; do
		for phase in BEGIN DONE; do
			grep "\"jail.upgrade/$step\"" log | grep -q "\"$phase\"" ||
			    atf_fail "no $phase of $step: $(cat log)"
		done
	done
	for step in system merge; do
		grep "\"jail.upgrade/$step\"" log | grep -q '"PROGRESS"' ||
		    atf_fail "no progress of $step: $(cat log)"
	done
}

atf_init_test_cases()
{
	testcase thin "a thin jail is upgraded, and goes back"
	testcase thick "a thick one"
	zcase pool "ZFS: a thin jail"
	testcase base "a basejail"
	testcase conflict "conflicts wait for their resolution"
	testcase refused "what cannot be upgraded"
	testcase hostile "a hostile /etc"
	testcase kill "killed at any time"
	testcase events "steps, progress and conflicts as events and JSON"
}
