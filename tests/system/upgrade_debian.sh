#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails move from one release of Debian to the next, where there is a mirror.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/inside.sh"

debian_do()
{
	[ "$(uname -s)" = Linux ] || atf_skip "the releases are Debian's"
	needs debootstrap
	begin
	with native
	release=trixie
	with trixie
	ok create -r bookworm web
	in_jail web 'echo "me:x:1001:1001::/home/me:/bin/sh" >>/etc/passwd
	    sed -i "s/^UMASK.*/UMASK 077/" /etc/login.defs
	    echo "alias ll=ls" >>/etc/bash.bashrc; echo mine >/etc/hostname'
	"$program" -c "$conf" -q upgrade -r trixie web >list 2>err || {
		# What both have changed in one place is for people to decide:
		# here for the release.
		grep -q 'merged by hand' err || atf_fail "$(cat err)"
		atf_check -o match:'/etc/login.defs: both' -o not-match:' see .*[^s]$' \
		    cat list
		file=$src/jails/web/upgrade/merge/etc/login.defs
		[ "$(grep -c '^<<<<<<< ' "$file")" = 1 ] || atf_fail "$(cat "$file")"
		sed -i -e '/^<<<<<<< /,/^=======$/d' -e '/^>>>>>>> /d' "$file"
		ok upgrade -r trixie web
	}
	ok start web
	says '^13' exec web -- cat /etc/debian_version
	says trixie exec web -- cat /etc/os-release
	says '^me:' exec web -- cat /etc/passwd
	says 'alias ll=ls' exec web -- cat /etc/bash.bashrc
	says 'trixie' exec web -- cat /etc/apt/sources.list
	says '^ii  *base-files  *13' exec web -- dpkg -l base-files
	ok exec web -- dpkg --audit
	ok exec web -- /bin/bash -c 'ldd /bin/bash'
	ok stop web
	says 'as before' update --rollback web
	ok start web
	says '^12' exec web -- cat /etc/debian_version
	ok stop web
	no_leaks
}

# What a jail has beside its release's packages comes along: one whose library
# is named otherwise in the new release, and one with a file of its own in /etc.
own_do()
{
	[ "$(uname -s)" = Linux ] || atf_skip "the releases are Debian's"
	needs debootstrap apt-get
	begin
	with native
	release=trixie
	with trixie
	mkdir "$dir/debs"
	(cd "$dir/debs" && apt-get -q -o APT::Sandbox::User=root \
	    -t bookworm download tmux screen libevent-core-2.1-7 \
	    libutempter0) >out 2>&1 ||
	    atf_skip "no packages: $(tail -n 1 out)"
	own_kind -T
	ok stop web
	ok destroy -y web
	own_kind
	own_back
	no_leaks
}

own_kind()
{
	ok create "$@" -r bookworm web
	ok start web
	tar -C "$dir/debs" -cf - . | "$program" -c "$conf" -q exec web -- \
	    tar -C /root -xf - || atf_fail "no packages in it"
	"$program" -c "$conf" -q exec web -- /bin/sh -c '
	    cd /root && dpkg -i ./*.deb && rm ./*.deb &&
	    apt-mark auto libevent-core-2.1-7 libutempter0 &&
	    echo "# mine" >>/etc/screenrc && mkdir -p /var/lib/mine &&
	    echo data >/var/lib/mine/file' >out 2>&1 || atf_fail "$(cat out)"
	ok stop web
	"$program" -c "$conf" -q --events json upgrade -r trixie web >out 2>log ||
	    atf_fail "$(cat out log)"
	grep '"jail.upgrade/obtain"' log | grep -q '"DONE"' || atf_fail "$(cat log)"
	ok start web
	says '^13' exec web -- cat /etc/debian_version
	says '^tmux 3\.[5-9]' exec web -- tmux -V
	says '^Screen version' exec web -- /bin/sh -c 'screen --version'
	says '^# mine' exec web -- tail -n 1 /etc/screenrc
	says '^data' exec web -- cat /var/lib/mine/file
	ok exec web -- dpkg --audit
	says '^ii  *libevent-core-2.1-7t64' exec web -- dpkg -l libevent-core-2.1-7t64
	"$program" -c "$conf" -q exec web -- apt-mark showmanual >manual
	grep -q '^tmux$' manual || atf_fail "tmux is not known as asked for"
	grep -q -e '^libutempter0$' -e '^libevent' manual &&
	    atf_fail "libraries are: $(cat manual)"
	for left in /.ioc-updates /.ioc-own; do
		lacks web "$left"
	done
}

own_back()
{
	ok stop web
	says 'as before' update --rollback web
	ok start web
	says '^tmux 3\.[0-4]' exec web -- tmux -V
	# One that the new release does not have stops it, with nothing changed.
	"$program" -c "$conf" -q exec web -- /bin/sh -c '
	    mkdir -p /root/p/DEBIAN && printf "Package: no-such.thing\nVersion: 1\n\
Architecture: all\nMaintainer: me <me@example.org>\nDescription: mine\n" \
	    >/root/p/DEBIAN/control && dpkg-deb -b /root/p /root/p.deb &&
	    dpkg -i /root/p.deb' >out 2>&1 || atf_fail "$(cat out)"
	ok stop web
	refuses 1 'no-such.thing was installed in it, which release trixie' \
	    upgrade -r trixie web
	ok start web
	says '^12' exec web -- cat /etc/debian_version
	ok stop web
}

fetch_trixie()
{
	release_name=trixie
	"$program" -c "$conf" -q fetch trixie >out 2>err ||
	    atf_skip "no mirror: $(head -n 1 err)"
}

atf_init_test_cases()
{
	testcase debian "bookworm to trixie" 900
	testcase own "a jail's own packages come along" 900
}
