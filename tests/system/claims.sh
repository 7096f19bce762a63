# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A host made for a test of what the host's own updater does, where no such host is:
# a root of its own in a mount namespace of its own, in which the program claims to
# be on another system.  What $server has is /usr/share/misc/server there.

# host_root PROGRAM: makes it, and sets program to what runs PROGRAM there.
host_root()
{
	[ -x "$progs/$1" ] || atf_skip "for hosts that are no FreeBSD"
	needs pivot_root
	for d in bin sbin lib lib64 libexec usr/bin usr/sbin usr/lib \
	    usr/libexec usr/share/misc/server etc proc sys dev tmp run old \
	    "$dir"; do
		mkdir -p "$dir/host/$d"
	done
	os_tiny "$dir/host"
	mkdir -p "$dir/program/prog" "$dir/program/helpers"
	cp "$progs/$1" "$dir/program/prog/claims"
	for h in "$(dirname "$(dirname "$program")")"/helpers/ioc-*; do
		[ ! -f "$h" ] || cp "$h" "$dir/program/helpers/"
	done
	server=$dir/host/usr/share/misc/server
	{
		own_mounts
		cat <<-'END'
		host=$dir/host
		mount --bind "$host" "$host" || exit 99
		for d in dev proc sys lib; do
			mount --rbind "/$d" "$host/$d" || exit 99
		done
		[ ! -d /lib64 ] || mount --rbind /lib64 "$host/lib64"
		mount --bind /usr/lib "$host/usr/lib" &&
		    mount --rbind "$dir" "$host$dir" &&
		    cp /etc/ld.so.cache "$host/etc/" 2>/dev/null
		cd "$host" && pivot_root . old && cd / && umount -l /old ||
		    exit 99
		exec "$dir/program/prog/claims" "$@"
		END
	} >"$dir/claims"
	chmod 755 "$dir/claims"
	program=$dir/claims
}

# host_begin PROGRAM: a source on such a host.
host_begin()
{
	begin
	no_manifests
	host_root "$1"
}

# all_of LEVEL: of the release $rel: names, owners, modes and content.
all_of()
{
	(cd "$src/releases/$rel/$1" && find root -printf '%P %y %m %U:%G %l\n' |
	    sort && find root -type f -exec cksum '{}' + | sort)
}
