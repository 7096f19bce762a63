#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of jails that own their root: a package that is said to be older than
# it is, brought up to date from the distribution's own mirror.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/debs.sh"

package=tzdata

# older JAIL: its package manager takes the package for an old one.
older()
{
	ok start "$1"
	ok exec "$1" -- sh -c "cd /var/lib/dpkg && sed -i '/^Package: $package\$/,/^\$/s/^Version: .*/Version: 2020a-0/' status && echo mine >/etc/mine"
	ok stop "$1"
}

# world: a source with the distribution's release.
world()
{
	[ "$(uname -s)" = Linux ] || atf_skip "the packages are Debian's"
	needs apt-get
	begin
	with native
}

# updates ARG...: a jail is updated; where no mirror answers that is not told.
updates()
{
	"$program" -c "$conf" -q update "$@" >out 2>err || {
		! grep ': apt-get: ' err | grep -vq 'without a reason' ||
		    atf_skip "no mirror: $(head -n 1 err)"
		cat err >&2
		atf_fail "update $*"
	}
	grep -qE ' updated, [1-9]' out || atf_fail "$(cat out)"
}

version()
{
	sed -n "/^Package: $package\$/,/^\$/s/^Version: //p" "$1"
}

thin_do()
{
	world
	ok create -r "$release" web
	older web
	# What would be done, and nothing of it.
	snapshot >before
	"$program" -c "$conf" -q -n update web >out 2>err || {
		! grep -q ': apt-get: ' err || atf_skip "no mirror: $(head -n 1 err)"
		atf_fail "$(cat err)"
	}
	atf_check -o match:"^would change web: $package: 2020a-0 -> 20" cat out
	"$program" -c "$conf" -q -n -j update web >out 2>err || atf_fail "$(cat err)"
	atf_check -o match:"\"change\": *\"$package\"" \
	    -o match:'"from": *"2020a-0"' cat out
	snapshot >after
	atf_check cmp before after
	no_leaks
	updates web
	db=$src/jails/web/layer/var/lib/dpkg/status
	[ "$(version "$db")" != 2020a-0 ] || atf_fail "not updated"
	atf_check test ! -e "$src/jails/web/layer/.ioc-updates"
	ok start web
	atf_check -o inline:"mine\n" -e ignore "$program" -c "$conf" exec web \
	    -- cat /etc/mine
	ok stop web
	says 'nothing to be done' update web
	says 'as before' update --rollback web
	[ "$(version "$db")" = 2020a-0 ] || atf_fail "not as before"
	refuses 1 'no state before' update --rollback web
	no_leaks
}

thick_do()
{
	world
	ok create -T -r "$release" web
	older web
	ok start web
	updates --restart --events json web
	for step in journal obtain snapshot copy apply check switch; do
		for phase in BEGIN DONE; do
			grep "\"jail.update/$step\"" err | grep -q "\"$phase\"" ||
			    atf_fail "no $phase of $step: $(cat err)"
		done
	done
	for step in obtain/download apply; do
		grep "\"jail.update/$step\"" err | grep -q '"PROGRESS"' ||
		    atf_fail "no progress of $step: $(cat err)"
	done
	state web running
	ok stop web
	[ "$(version "$src/jails/web/root/var/lib/dpkg/status")" != 2020a-0 ] ||
	    atf_fail "not updated"
	no_leaks
}

# 48: its own programs are hostile: the update fails, nothing has changed.
hostile_do()
{
	world
	ok create -T -r "$release" web
	older web
	root=$src/jails/web/root
	cat >"$root/usr/bin/dpkg" <<-'END'
	#!/bin/sh
	sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	for f in /.ioc-updates/jail.conf /.ioc-updates/new; do
		echo x 2>/dev/null >>"$f" && exit 0
	done
	ln -sf /etc/shadow /etc/mine
	exit 9
	END
	snapshot >before
	cksum "$root/etc/mine" "$root/usr/bin/dpkg" >sums
	! "$program" -c "$conf" -q update web 2>err ||
	    atf_fail "a hostile update has succeeded"
	! grep -q ': apt-get: ' err || atf_skip "no mirror: $(head -n 1 err)"
	atf_check -o match:'exit status' cat err
	snapshot >after
	atf_check cmp before after
	cksum "$root/etc/mine" "$root/usr/bin/dpkg" | cmp - sums ||
	    atf_fail "the jail has changed"
	no_leaks
}

# Fetched now, applied later without any network, and only what was fetched.
kept_do()
{
	world
	place=$src/releases/$release
	level=$(find "$place" -maxdepth 1 -name 'p[0-9]' | sort | tail -n 1)
	level=${level##*/p}
	next=$((level + 1))
	db=$place/p$level/root/var/lib/dpkg/status
	sed -i "/^Package: $package\$/,/^\$/s/^Version: .*/Version: 2020a-0/" "$db"
	"$program" -c "$conf" -q update --fetch-only "$release" >out 2>err || {
		! grep ': apt-get: ' err | grep -vq 'without a reason' ||
		    atf_skip "no mirror: $(head -n 1 err)"
		atf_fail "$(cat err)"
	}
	atf_check test -f "$place/kept.json" -a ! -e "$place/p$next"
	deb=$(find "$place/kept" -name "${package}_*.deb")
	cp -p "$deb" good
	printf x | dd of="$deb" conv=notrunc status=none
	atf_check -s exit:1 -e match:'are not what they were' \
	    unshare --net "$program" -c "$conf" -q update "$release"
	cp -p good "$deb"
	atf_check -o match:"from patch level $level to $next" -e ignore \
	    unshare --net "$program" -c "$conf" -q update "$release"
	[ "$(version "$place/p$next/root/var/lib/dpkg/status")" != 2020a-0 ] ||
	    atf_fail "not updated"
	atf_check test ! -e "$place/kept" -a ! -e "$place/kept.json"
}

# What runs is not touched: its next start applies what was obtained, when nobody
# answers any more and the jail has gone on writing.
start_do()
{
	debs_begin
	mkdir -p "$dir/pkg/$package/usr/share/new"
	package $package 2099a-1
	mirror
	ok create -r "$release" web
	ok start web
	jail=$src/jails/web
	db=$jail/layer/var/lib/dpkg/status
	says 'web: 1 changes are kept, its next start applies' update web
	atf_check test -f "$jail/kept.json" -a ! -e "$db"
	ok exec web -- sh -c 'echo later >/etc/later'
	mv "$dir/www/debian" "$dir/www/gone"
	ok restart web
	prints later exec web -- cat /etc/later
	[ "$(version "$db")" = 2099a-1 ] || atf_fail "it is $(version "$db")"
	atf_check test ! -e "$jail/kept" -a ! -e "$jail/kept.json"
	ok stop web
	says 'as before' update --rollback web
	mv "$dir/www/gone" "$dir/www/debian"
	# For a jail that does not run only "update" applies them.
	says 'are kept, "ioc update" applies' update --fetch-only web
	ok start web
	atf_check test -f "$jail/kept.json" -a ! -e "$db"
	# What is not what it was: it starts as it is, and that is said.
	says 'next start' update web
	ok stop web
	find "$jail/kept" -name '*.deb' | while read -r deb; do
		printf x | dd of="$deb" conv=notrunc status=none
	done
	atf_check -o ignore -e match:'are not what they were' \
	    "$program" -c "$conf" start web
	state web running
	atf_check test ! -e "$jail/kept" -a ! -e "$db"
	ok stop web
	no_leaks
}

# 49: killed at any time: the jail is as before or updated, never in between.
kill_do()
{
	world
	ok create -T -r "$release" web
	older web
	for wait in 0.3 1 2 4 8; do
		"$program" -c "$conf" -q update web >/dev/null 2>&1 &
		pid=$!
		sleep "$wait"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		ok recover
		ok start web
		atf_check -o inline:"mine\n" -e ignore "$program" -c "$conf" \
		    exec web -- cat /etc/mine
		ok stop web
		no_leaks "a kill after $wait s"
	done
}

atf_init_test_cases()
{
	testcase thin "a thin jail is updated, and goes back"
	testcase thick "a thick one, stopped and started again"
	testcase kept "what was fetched before is applied without a network"
	debcase start "what runs is updated by its next start"
	testcase hostile "its programs attack: nothing has changed"
	testcase kill "killed at any time"
}
