# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What differs between the systems, for the tests of this folder.

case $(uname -s) in
Linux)
	# Options of tar(1) when an archive is made; and the one, with what it
	# begins with, that changes names.
	pack=
	transform=--transform=s

	# The release that the distribution's own mirror has.
	release=bookworm
	# System calls that prog/calls.c tries at least.
	os_calls=25
	# Sockets of prog/net.c that are listened to: TCP, an abstract one.
	os_listeners=2
	# What a jail needs where file systems cannot be id-mapped.
	os_no_idmap=userns=off

	# Everything the kernel and the process table know of this test's jails:
	# mounts of its directory, control groups and processes of its source.
	os_traces()
	{
		cut -d' ' -f3- /proc/self/mountinfo |
		    awk -v d="$dir/" 'index($0, d) { print "mount:", $0 }'
		find /sys/fs/cgroup -type d -path "*ioc*$source*" 2>/dev/null |
		    sed 's/^/cgroup: /'
		os_pids | sed 's/^/process: /'
	}

	# Processes that live in a mount namespace with something of ours, or in
	# a control group of ours.
	os_pids()
	{
		{
			grep -lF -e "$dir/" /proc/[0-9]*/mountinfo
			grep -lE "ioc.*$source" /proc/[0-9]*/cgroup
		} 2>/dev/null | cut -d/ -f3 | sort -u | while read -r p; do
			# A process may end while it is looked at; one that has
			# is for its parent to collect.
			[ "$p" = $$ ] ||
			    grep -q '^State:.Z' "/proc/$p/status" ||
			    [ "$(readlink "/proc/$p/ns/mnt")" = \
			    "$(readlink /proc/self/ns/mnt)" ] ||
			    echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline")"
		done 2>/dev/null
	}

	# Processes of the program and its helpers outside of jails.
	os_helpers()
	{
		{
			grep -lzxF -e "$conf" /proc/[0-9]*/cmdline
			find /proc/[0-9]*/exe -lname "${program%/cli/ioc}/helpers/*"
		} 2>/dev/null | cut -d/ -f3 | sort -u | while read -r p; do
			echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline")"
		done 2>/dev/null
	}

	os_links()
	{
		ls /sys/class/net
	}

	# Those of a jail alone: others may see a mount of ours and be no part
	# of it.
	os_members()
	{
		grep -lE "ioc.*$source" /proc/[0-9]*/cgroup 2>/dev/null
	}

	os_unmount()
	{
		awk -v d="$dir" 'index($5, d) == 1 { print $5 }' \
		    /proc/self/mountinfo | sort -r |
		    while read -r target; do
			umount -l "$target"
		done
	}

	os_cgroups_remove()
	{
		find /sys/fs/cgroup -depth -type d -path "*ioc*$source*" \
		    -exec rmdir '{}' + 2>/dev/null || :
	}

	# in_tty COMMAND: a shell command on a terminal of its own.
	os_tty()
	{
		script -qec "$1" /dev/null
	}

	# A command as an unprivileged user, outside of any group.
	os_nobody()
	{
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	}

	# os_same FROM TO: a tree that is not changed, without a copy if it can be.
	os_same()
	{
		cp -al "$1" "$2"
	}

	# Nothing of a tree resists its removal.
	os_free()
	{
		:
	}

	# A root that needs nothing: one static program and its names.
	os_tiny()
	{
		box=$(command -v busybox) ||
		    atf_skip "busybox-static is not installed"
		cp "$box" "$1/bin/busybox"
		for applet in $("$box" --list); do
			[ "$applet" = busybox ] ||
			    ln -s busybox "$1/bin/$applet"
		done
	}

	os_tmpfs()
	{
		mount -t tmpfs -o "size=$2,mode=755" tmpfs "$1"
	}

	# A command for which a program of the host is not there.
	os_without()
	{
		hidden=$1
		shift
		unshare -m sh -c 'mount --bind /dev/null "$0" && exec "$@"' \
		    "$hidden" "$@"
	}
	;;
FreeBSD)
	pack="--options xz:compression-level=0"
	transform=-s

	# With IOC_TEST_BASE, a base.txz, no mirror is needed.
	release=${IOC_TEST_RELEASE:-$(uname -r | sed 's/-p[0-9]*$//')}
	os_calls=20
	os_listeners=1
	os_no_idmap=

	os_traces()
	{
		mount -p | awk -v d="$dir/" 'index($0, d) { print "mount:", $0 }'
		os_jails | sed 's/^/jail: /'
		os_pids | sed 's/^/process: /'
		rctl 2>/dev/null | grep "^jail:$source-" | sed 's/^/limit: /'
		for set in $(devfs rule showsets); do
			devfs rule -s "$set" show | grep -F " $source-" |
			    sed "s/^/devfs ruleset $set: /"
		done
	}

	os_jails()
	{
		jls -d name 2>/dev/null | grep "^$source-"
	}

	os_pids()
	{
		for j in $(os_jails); do
			ps -xww -o pid= -o command= -J "$j" 2>/dev/null
		done
	}

	os_helpers()
	{
		# shellcheck disable=SC2009
		ps -axww -o pid= -o command= | grep -F -e " $conf " -e ioc-worker |
		    grep -v grep
	}

	os_links()
	{
		ifconfig -l | tr ' ' '\n'
	}

	os_members()
	{
		os_pids
	}

	os_unmount()
	{
		mount -p | awk -v d="$dir" 'index($2, d) == 1 { print $2 }' |
		    tail -r | while read -r target; do
			umount -f "$target"
		done
	}

	os_cgroups_remove()
	{
		os_jails | while read -r j; do
			jail -r "$j"
		done
		rctl 2>/dev/null | grep "^jail:$source-" | while read -r r; do
			rctl -r "$r"
		done
	}

	os_tty()
	{
		# A shell that begins to edit lines forgets what came before.
		{ sleep 1; cat; sleep 1; } | script -qe /dev/null sh -c "$1"
	}

	# su(1) would close them, and looks for a shell.
	os_nobody()
	{
		chroot -u nobody -g nobody / "$@"
	}

	# A file with a flag like schg can have no other name.
	os_same()
	{
		cp -a "$1" "$2"
	}

	os_free()
	{
		chflags -R noschg,nosunlnk,nouchg "$1"
	}

	# A root that needs little: programs of this system and their libraries,
	# and an rc that has nothing to do.
	os_tiny()
	{
		mkdir -p "$1/usr/bin" "$1/usr/lib" "$1/usr/sbin" "$1/sbin" \
		    "$1/lib" "$1/libexec" "$1/var/run"
		{
			for file in cat chmod cp date dd echo expr hostname \
			    kill ln ls mkdir mv pkill ps pwd rm rmdir sh sleep \
			    stty test; do
				echo "/bin/$file"
			done
			for file in awk cksum cut env false find grep head id \
			    mkfifo printf readlink seq sort stat tail touch tr \
			    true tty wc; do
				echo "/usr/bin/$file"
			done
			for file in ifconfig mknod mount sysctl umount; do
				echo "/sbin/$file"
			done
			echo /usr/sbin/chown
			echo /usr/sbin/chroot
		} >programs
		# shellcheck disable=SC2046
		ldd -f '%p\n' $(cat programs) 2>/dev/null | grep ^/ |
		    sort -u >>programs
		while read -r file; do
			mkdir -p "$1${file%/*}"
			cp "$file" "$1$file"
		done <programs
		cp /libexec/ld-elf.so.1 "$1/libexec/"
		echo 'exit 0' >"$1/etc/rc"
		echo 'exit 0' >"$1/etc/rc.shutdown"
	}

	os_tmpfs()
	{
		mount -t tmpfs -o "size=$2,mode=755" tmpfs "$1"
	}

	os_without()
	{
		atf_skip "no program of the host is needed on this system"
	}
	;;
esac
