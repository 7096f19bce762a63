#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates that attack: packages of a mirror that the release trusts, whose scripts
# want to the host.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/debs.sh"

package=tzdata
release_root=releases/$release/p1/root
# What is left behind sleeps so long, to be told from all others.
stays=$((100000 + $$))

# attacks: NAME|COMMAND, which ends with 0 when it has worked.  What is theirs
# lies in /usr/share/evil, what they want is given by the variables.
attacks()
{
	case $(uname -m) in
	x86_64) ptrace=101 ;;
	*) ptrace=117 ;;
	esac
	cat <<-END
	network|/usr/share/evil/net connect $port ioc-none
	file of the host|! /usr/share/evil/calls --chroot '$dir/marker'
	calls|! /usr/share/evil/calls
	another jail|ls /proc/[0-9]*/root/victim
	trace|perl -e 'exit(syscall($ptrace, 16, $prey, 0, 0) ? 1 : 0)'
	kill|kill -9 $prey
	device|rm -f /z; mknod /z c 1 5 && head -c 1 /z
	devices|test -e /dev/full
	kernel|v=\$(cat /proc/sys/kernel/printk) && echo "\$v" >/proc/sys/kernel/printk
	mount|mount -t tmpfs none /mnt
	updates|echo x >/.ioc-updates/new
	what was fetched|echo x >>/.ioc-updates/jail.conf
	updates again|mount -o remount,rw /.ioc-updates
	updates away|umount -l /.ioc-updates
	600 processes|i=0; while [ \$i -lt 600 ]; do sleep 5 & i=\$((i + 1)); done
	END
}

# evil SCRIPT: the package that runs it.
evil()
{
	at=$dir/pkg/$package
	mkdir -p "$at/DEBIAN" "$at/usr/share/evil"
	cp "$progs/net" "$progs/calls" "$at/usr/share/evil/"
	attacks >"$at/usr/share/evil/attacks"
	printf '#!/bin/sh\nsetsid sleep %d </dev/null >/dev/null 2>&1 &\n' \
	    "$stays" >"$at/usr/share/evil/run"
	cat >>"$at/usr/share/evil/run" <<-'END'
	mkdir -p /var/lib/evil
	while IFS='|' read -r name command; do
		echo "$name" >>/var/lib/evil/tried
		sh -c "$command" </dev/null >/dev/null 2>&1 &&
		    echo "$name" >>/var/lib/evil/worked
	done </usr/share/evil/attacks
	exit 0
	END
	# Links where the host would come: at once, or later.
	cat >"$at/usr/share/evil/plant" <<-END
	#!/bin/sh
	for d in var/cache/apt var/lib/apt/lists var/log; do
		rm -rf "/\$d"
		ln -s '$dir/precious' "/\$d"
	done
	for f in etc/resolv.conf etc/hostname etc/machine-id; do
		ln -sfn '$dir/precious/file' "/\$f"
	done
	END
	cat >"$at/usr/share/evil/plant2" <<-END
	#!/bin/sh
	rm -rf /root /home /usr/share/evil/net /usr/share/evil/calls
	ln -s '$dir/precious' /root
	ln -s ../../../../../../../..$dir/precious /home
	ln -sfn '$dir/precious/file' /etc/hosts
	ln -sfn '$dir/precious/file' /etc/apt/sources.list
	END
	printf '#!/bin/sh\n%s\nexit 0\n' "$1" >"$at/DEBIAN/postinst"
	package $package 2099a-1
	mirror
}

# world: what there is on the host for an update to want.
world()
{
	[ -x "$progs/calls" ] || atf_fail "not built: $progs/calls"
	debs_begin
	echo secret >"$dir/marker"
	mkdir "$dir/precious"
	echo precious >"$dir/precious/file"
	ok create -r "$release" victim
	ok start victim
	ok exec victim -- touch /victim
	sleep 1000 &
	prey=$!
}

# unharmed: the host, and who lives on it.
unharmed()
{
	kill -0 "$prey" 2>/dev/null || atf_fail "a process of the host was killed"
	atf_check -o inline:"secret\n" cat "$dir/marker"
	atf_check -o inline:"$dir/precious\n$dir/precious/file\n" \
	    find "$dir/precious"
	atf_check -o inline:"precious\n" cat "$dir/precious/file"
	# shellcheck disable=SC2009
	! ps -e -o args= | grep -qx "sleep $stays" ||
	    atf_fail "a process was left behind"
}

# all_of: the release: its levels, and all that is in the first.  Other tests make
# links to its files, which changes times that are not looked at.
all_of()
{
	find "$src/releases/$release" -maxdepth 1 -name 'p*' -printf '%f\n'
	find "$src/$release_root" ! -type d -printf '%P %y %m %U:%G %s %T@ %l\n' \
	    -o -printf '%P %y %m %U:%G %T@\n' | sort
	find "$src/$release_root" -type f -exec cksum '{}' + | sort
}

# twin: the same scripts as an updater runs them that only changes its root, on a
# copy: with the host's /dev and /proc, then what the host does afterwards.
twin()
{
	mkdir "$dir/twin" "$dir/twin/up" "$dir/twin/work" "$dir/twin/root"
	cat >"$dir/naive" <<-END
	cd '$dir/twin' && mount -t overlay -o \
	    lowerdir='$src/$release_root',upperdir=up,workdir=work none root &&
	    mkdir root/.ioc-updates root/.new &&
	    mount --bind root/.new root/.ioc-updates &&
	    mount --bind /dev root/dev && mount --bind /proc root/proc || exit 9
	dpkg-deb -x '$dir/$package.deb' root
	chroot root sh /usr/share/evil/run
	umount -l root/dev
	chroot root sh /usr/share/evil/plant
	: >root/etc/resolv.conf
	wc -c <'$dir/precious/file' >emptied
	rm -rf root/var/cache/apt/*
	END
	unshare -m sh "$dir/naive" >twin.out 2>&1 ||
	    atf_fail "the twin has not run: $(cat twin.out)"
	attacks | cut -d'|' -f1 >names
	diff names "$dir/twin/up/var/lib/evil/worked" >&2 ||
	    atf_fail "an attack does not work in the twin"
	[ "$(cat "$dir/twin/emptied")" -eq 0 ] && [ ! -e "$dir/precious/file" ] ||
	    atf_fail "the twin's links have led nowhere"
	# shellcheck disable=SC2009
	ps -e -o pid=,args= | awk -v n="$stays" \
	    '$2 == "sleep" && $3 == n { print $1 }' >left
	[ -s left ] || atf_fail "nothing was left behind by the twin"
	xargs kill -9 <left
	rm -rf "$dir/twin"
	mkdir -p "$dir/precious"
	echo precious >"$dir/precious/file"
	sleep 1000 &
	prey=$!
}

# as_before: the level that is to be updated, and no other.
as_before()
{
	all_of | diff was - >&2 ||
	    atf_fail "the release has changed"
}

# 48: all of it in one script, and the update seems to succeed.
attack_48_do()
{
	world
	evil 'sh /usr/share/evil/run; sh /usr/share/evil/plant'
	twin
	all_of >was
	# What the host would follow is seen, and it is no update.
	refuses 1 'clean: ' update "$release"
	unharmed
	as_before
	atf_check -o empty find "$src/.staging" "$src/.journal" -mindepth 1
	evil 'sh /usr/share/evil/run; sh /usr/share/evil/plant2'
	says 'from patch level 1 to 2' update "$release"
	unharmed
	attacks | cut -d'|' -f1 >names
	next=$src/releases/$release/p2/root
	atf_check cmp names "$next/var/lib/evil/tried"
	[ ! -e "$next/var/lib/evil/worked" ] ||
	    atf_fail "it worked: $(tr '\n' ';' <"$next/var/lib/evil/worked")"
	# What the host does with it later.
	for command in "verify $release" "create -r $release new" 'start new' \
	    'stop new' 'destroy -y -f new'; do
		# shellcheck disable=SC2086
		"$program" -c "$conf" -q $command >/dev/null 2>&1
		unharmed
	done
	ok stop victim
	says 'back' update --rollback "$release"
	as_before
	no_leaks
}

# small SIZE: the source lies on a disk of its own.
small()
{
	ok deactivate "$src"
	src=$dir/small
	mkdir "$src"
	os_tmpfs "$src" "$1" || atf_fail "no tmpfs"
	ok activate --dir "$src" --name "$source"
	os_same()
	{
		cp -a "$1" "$2"
	}
	with native
	# The disk itself is no trace of a jail.
	leaks()
	{
		os_traces | grep -v -e "^mount: .* $src " -e "^process: "
		os_members | sed 's/^/process: /'
		find "$src/.staging" "$src/.journal" -mindepth 1
	}
}

room()
{
	df -Pk "$src" | awk 'NR == 2 { print $4 }'
}

# 48: it writes as much as there is room for.
attack_48_disk_do()
{
	debs_begin
	small 480m
	evil 'dd if=/dev/zero of=/fill bs=64k; sleep 100'
	all_of >was
	# The twin leaves nothing to anybody.
	mkdir "$src/twin" "$src/twin/up" "$src/twin/work" "$src/twin/root"
	unshare -m sh -c "cd '$src/twin' && mount -t overlay -o \
	    lowerdir='$src/$release_root',upperdir=up,workdir=work none root &&
	    mount --bind /dev root/dev && ! chroot root dd if=/dev/zero of=/fill bs=1024k" 2>dd.err ||
	    atf_fail "the twin has stopped: $(cat dd.err)"
	[ "$(room)" -lt 64 ] || atf_fail "the twin has left $(room) KiB"
	rm -rf "$src/twin"
	before=$(room)
	refuses 1 'disk is being filled' update "$release"
	[ $((before - $(room))) -lt 1024 ] ||
	    atf_fail "$before KiB were free, now $(room)"
	as_before
	no_leaks
}

# What the release has of the package, or WHERE has.
version()
{
	sed -n "/^Package: $package\$/,/^\$/s/^Version: //p" \
	    "${1:-$src/$release_root/var/lib/dpkg/status}"
}

# 51: metadata that is older than what is there, or that nobody should take.
attack_51_do()
{
	debs_begin
	mkdir -p "$dir/pkg/$package/usr/share/old"
	package $package 2000a-1
	mirror
	all_of >was
	has=$(version)
	# The twin takes what the mirror has.
	mkdir "$dir/twin" "$dir/twin/up" "$dir/twin/work" "$dir/twin/root"
	unshare -m sh -c "cd '$dir/twin' && mount -t overlay -o \
	    lowerdir='$src/$release_root',upperdir=up,workdir=work none root &&
	    cp '$dir/$package.deb' root/ && chroot root dpkg -i /$package.deb" \
	    >twin.out 2>&1 || atf_fail "the twin: $(cat twin.out)"
	[ "$(version "$dir/twin/up/var/lib/dpkg/status")" = 2000a-1 ] ||
	    atf_fail "the twin has the newer one"
	says 'nothing to be done' update "$release"
	[ "$(version)" = "$has" ] || atf_fail "now it is $(version)"
	as_before
	# Newer packages in metadata that is no longer, or not yet, to be used.
	package $package 2099a-1
	mirror "$(when '40 days ago')" "Valid-Until: $(when '10 days ago')"
	refuses 1 'expired' update "$release"
	mirror "$(when '30 days')"
	refuses 1 'not valid yet' update "$release"
	# A package that is another one, a signature of another key.
	mirror
	cp "$dir/www/debian/pool/$package.deb" "$dir/good.deb"
	printf 'X' | dd of="$dir/www/debian/pool/$package.deb" bs=1 seek=300 \
	    conv=notrunc 2>/dev/null
	refuses 1 'Hash Sum mismatch|unexpected size|apt-get' update "$release"
	cp "$dir/good.deb" "$dir/www/debian/pool/$package.deb"
	sed -i 's/^Suite: /Suite: x/' "$dir/www/debian/dists/$release/InRelease"
	refuses 1 'sign|valid' update "$release"
	as_before
	no_leaks
}

# --- killed, or full, at any call ------------------------------------------------

rounds=${IOC_TEST_KILLS:-3}

# behind: a thin jail for which there is an update.
behind()
{
	[ -x "$progs/killat" ] || atf_skip "nothing traces on this system"
	debs_begin
	evil 'exit 0'
	ok create -r "$release" web
	jail=$src/jails/web
	jail_now >was
}

jail_now()
{
	cksum <"$jail/config.json"
	find "$jail/layer" -type f -printf '%P %m %U:%G %s %T@\n' \
	    -o -printf '%P %y %l\n' | sort
}

# called ARG...: killat with an update of it; sets calls, last.
called()
{
	"$dir/trusting" "$progs/killat" "$@" "$real" -c "$conf" -q update web \
	    >killat.out 2>killat.err </dev/null
	last=$(tail -n 1 killat.out)
	calls=${last%% *}
	echo "$*: $last" >&2
}

# either WHAT: the jail is as it was, or updated; it is made as it was again.
either()
{
	settled
	no_leaks "$1"
	if [ "$(ls "$jail/layer/var/lib/dpkg/status" 2>/dev/null)" ] &&
	    [ "$(version "$jail/layer/var/lib/dpkg/status")" = 2099a-1 ]; then
		ok update --rollback web
		settled
	fi
	jail_now | diff was - >&2 || atf_fail "$1: neither old nor new"
}

# 49
attack_49_do()
{
	behind
	called 0
	case $last in *' ended 0 '*) ;; *) atf_fail "$(cat killat.err)" ;; esac
	either "no kill"
	all=$calls
	for i in $(seq 1 "$rounds"); do
		# Not each time there are so many.
		at=$(($(number $((all * 8 / 10))) + 1))
		if [ $((i % 2)) -eq 0 ]; then
			called "$at"
		else
			called -a "$at"
		fi
		either "a kill at $last"
	done
}

# 50
attack_50_do()
{
	behind
	"$progs/killat" -f "$dir" 0 /bin/true >/dev/null ||
	    atf_skip "killat -f: not on this processor"
	called -f "$dir" 0
	either "no full disk"
	all=$calls
	for i in $(seq 1 "$rounds"); do
		at=$(($(number $((all * 8 / 10))) + 1))
		if [ $((i % 2)) -eq 0 ]; then
			called -f "$dir" "$at"
		else
			called -f "$dir" -1 "$at"
		fi
		case $last in
		*' ended 0 '*) ;;
		*' ended 1 '*) [ "$(wc -l <killat.err)" -le 2 ] ||
		    atf_fail "$last: $(cat killat.err)" ;;
		*) atf_fail "$last: $(cat killat.err)" ;;
		esac
		# Where the disk stays full there may be no room to go back either:
		# that is said, and comes to its end later.
		find "$src/.staging" "$src/.journal" -mindepth 1 >left
		[ ! -s left ] || { [ $((i % 2)) -eq 0 ] &&
		    grep -q 'warning: .*No space' killat.err; } ||
		    atf_fail "left after $last: $(cat left killat.err)"
		either "a disk that is full at $last"
	done
}

atf_init_test_cases()
{
	debcase attack_48 "scripts of an update want to the host"
	debcase attack_48_disk "scripts of an update fill the disk"
	debcase attack_49 "an update killed at any call"
	debcase attack_50 "an update on a disk that is full at any call" 600
	debcase attack_51 "metadata that is older than what is there"
}
