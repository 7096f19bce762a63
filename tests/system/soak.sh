#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Every operation is killed at any of its system calls, and finds a full disk at
# each of those that need space.  IOC_SOAK_SECONDS is how long kills go on;
# IOC_SOAK_AT="NAME N [-a]" is that one operation, killed there.
# What os_no_idmap is, is one word or none; operands are words.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

seconds=${IOC_SOAK_SECONDS:-60}

# Name, what there is before, the operation, what must be true afterwards: a new
# operation is one more line.  "web" may be called "www" then; $idmap is what
# a jail needs on this store.
operations()
{
	cat <<-END
	create|nothing|create -r tiny web $idmap|jail
	create-thick|nothing|create -T -r tiny web $idmap|jail
	create-empty|nothing|create -e web $idmap|jail
	start|stopped|start web|jail
	stop|running|stop web|jail
	restart|running|restart web|jail
	exec|running|exec web -- true|jail
	set|stopped|set user.a=new priority=7 web|changed
	rename|stopped|rename web www|jail
	destroy|stopped|destroy -y web|jail
	destroy-force|running|destroy -y -f web|jail
	run|nothing|run -r tiny ${idmap:+-o $idmap} -- true|nothing_left
	run-keep|nothing|run -r tiny ${idmap:+-o $idmap} --keep --name web -- true|jail
	fstab-add|running|fstab add $dir/data /mnt web|mounted
	fstab-rm|with_mount|fstab rm /mnt web|mounted
	fetch|no_release|$fetch|release
	destroy-release|with_release|destroy -y -r two|release
	END
}

# begin_soak: after begin and a release.
begin_soak()
{
	[ -x "$progs/killat" ] || atf_skip "nothing traces on this system"
	mkdir -p "$dir/data" "$dir/www" "$dir/files"
	fetch=
}

# A small archive to fetch, where archives can be unpacked.
offer()
{
	mkdir -p "$dir/two/etc" "$dir/two/bin"
	for i in 1 2 3 4 5 6 7 8; do
		echo "$i" >"$dir/two/etc/$i"
	done
	tar -C "$dir/two" --numeric-owner $pack -cJf "$dir/files/two.tar.xz" .
	publish two.tar.xz
	serve "$dir/www"
	fetch="fetch --no-update --url https://localhost:$port/two.tar.xz"
	fetch="$fetch --sha256 $(sha256 "$dir/files/two.tar.xz")"
	fetch="$fetch --ca-file $dir/ca.pem two"
}

# --- before --------------------------------------------------------------------

names()
{
	"$program" -c "$conf" -q list -H -o name
}

quietly()
{
	"$program" -c "$conf" -q "$@" >/dev/null 2>quietly.err ||
	    atf_fail "ioc $*: $(cat quietly.err)"
}

nothing()
{
	for name in $(names); do
		quietly destroy -y -f "$name"
	done
}

stopped()
{
	# One that another operation has made may be empty.
	[ "$(names)" = web ] &&
	    [ "$("$program" -c "$conf" get user.a web)" != - ] || nothing
	case $("$program" -c "$conf" -q list -H -o state) in
	'') quietly create -r tiny web user.a=old $idmap ;;
	running) quietly stop -f web ;;
	esac
	quietly set user.a=old priority=1 web
	rm -f "$src/jails/web/fstab"
}

running()
{
	stopped
	quietly start web
}

with_mount()
{
	running
	quietly fstab add "$dir/data" /mnt web
}

no_release()
{
	nothing
	"$program" -c "$conf" -q destroy -y -r two >/dev/null 2>&1
}

with_release()
{
	no_release
	quietly $fetch
}

# --- afterwards ----------------------------------------------------------------

nothing_left()
{
	[ -z "$(names)" ] || atf_fail "it was kept: $(names)"
}

# There is one jail, whole, or none where there may be none.
jail()
{
	"$program" -c "$conf" -q list -H -o name,state >states 2>err
	[ ! -s err ] || atf_fail "list complains: $(cat err)"
	while read -r name state; do
		case $name.$state in
		web.running | www.running | web.stopped | www.stopped) ;;
		*) atf_fail "$name is $state" ;;
		esac
		case $operation in
		create* | destroy* | run*) ;;
		*) [ "$("$program" -c "$conf" get user.a "$name")" != - ] ||
		    atf_fail "its configuration is lost" ;;
		esac
		[ "$state" = running ] || quietly start "$name"
		"$program" -c "$conf" -q exec "$name" -- true 2>err
		case $?.$operation in
		0.* | 127.create-empty) ;;
		*) atf_fail "exec: $(cat err)" ;;
		esac
		quietly stop -f "$name"
	done <states
	case $operation in
	create* | destroy* | run*) ;;
	*) [ "$(wc -l <states)" -eq 1 ] || atf_fail "it is gone" ;;
	esac
}

changed()
{
	case $("$program" -c "$conf" get user.a web).$("$program" -c "$conf" \
	    get priority web) in
	old.1 | new.7) ;;
	*) atf_fail "neither old nor new" ;;
	esac
	jail
}

# Never a mount without its line.
mounted()
{
	if "$program" -c "$conf" exec web -- grep -q ' /mnt ' /proc/mounts
	then
		says '/mnt' fstab show -H web
	fi
	jail
	"$program" -c "$conf" -q fstab rm /mnt web 2>/dev/null || :
}

# All of the release, or nothing.
release()
{
	if "$program" -c "$conf" list -r -H -o name | grep -qx two; then
		quietly verify two
	else
		[ ! -e "$src/releases/two" ] || atf_fail "half a release"
	fi
	nothing_left
}

# --- killed --------------------------------------------------------------------

# killed LINE N [-a]: one operation, killed at its n-th call; sets calls.
killed()
{
	operation=${1%%|*}
	rest=${1#*|}
	before=${rest%%|*}
	rest=${rest#*|}
	command=${rest%%|*}
	$before
	"$progs/killat" ${3-} "$2" "$program" -c "$conf" -q $command \
	    >out 2>killed.err </dev/null
	last=$(tail -n 1 out)
	calls=${last%% *}
	echo "$operation $2 ${3-}: $last" >>rounds
	case $last in
	*' killed 9 '* | *' ended 0 '*) ;;
	*) atf_fail "$operation, $2 ${3-}: $last: $(cat killed.err)" ;;
	esac
	settled
	${rest#*|}
	no_leaks "$operation, killed at $2 ${3-}"
}

soak()
{
	operations | grep -v -e '||' >lines
	touch rounds
	if [ -n "${IOC_SOAK_AT-}" ]; then
		set -- $IOC_SOAK_AT
		killed "$(grep "^$1|" lines)" "$2" ${3-}
		return 0
	fi
	while read -r line; do
		killed "$line" 0
		echo "$calls $line" >>counted
	done <lines
	total=$(wc -l <counted)
	over=$(($(date +%s) + seconds))
	for round in $(seq 1 100000); do
		[ "$(date +%s)" -lt $over ] || break
		read -r calls line <<-END
		$(sed -n "$((round % total + 1))p" counted)
		END
		# Sometimes the program alone, sometimes all that it has made.
		how=
		[ "$(number 1)" -eq 0 ] || how=-a
		killed "$line" $(($(number "$calls") + 1)) $how
	done
	echo "$round rounds, killed in $(grep -c ' killed 9 ' rounds)" >&2
	cut -d' ' -f1 rounds | sort | uniq -c >&2
	grep -q ' killed 9 ' rounds || atf_fail "not once killed"
	nothing
	[ -z "$fetch" ] || no_release
	consistent
}

kill_directory_do()
{
	begin
	with tiny
	idmap=
	begin_soak
	offer
	soak
}

kill_zfs_do()
{
	begin_pool
	with_tiny
	idmap=$os_no_idmap
	begin_soak
	soak
}

atf_init_test_cases()
{
	testcase kill_directory "killed at any call, a directory"
	zcase kill_zfs "killed at any call, a pool"
}
