#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Every operation is killed at any of its system calls, and finds a full disk at
# each of those that need space.  IOC_SOAK_SECONDS is how long that goes on, with
# as many of them, in any order, as there is time for;
# with IOC_SOAK_ALL it is each call, without regard to time, and with
# IOC_SOAK_AT="NAME N [-a]" that one operation, there.
# What os_no_idmap is, is one word or none; operands are words.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

seconds=${IOC_SOAK_SECONDS:-40}

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
	create-many|nothing|create -C 2 -r tiny web $idmap|many
	export|stopped|export web $dir/out/new|exported
	import|with_backup|import web $dir/backup|jail
	clone|stopped|clone web copy|cloned
	clone-snapshot|with_snapshot|clone web@a copy|cloned
	snapshot|stopped|snapshot create web@b|snapshots
	snapshot-remove|with_snapshot|snapshot remove web@a|snapshots
	rollback|changed_since|snapshot rollback -f web@a|rolled
	update-rollback|updated|update --rollback web|rolled
	${os_pool:+promote|with_clone|promote copy|cloned}
	${fetch:+fetch|no_release|$fetch|release}
	${fetch:+destroy-release|with_release|destroy -y -r two|release}
	END
}

# begin_soak: after begin and a release.
begin_soak()
{
	[ -x "$progs/killat" ] || atf_skip "nothing traces on this system"
	mkdir -p "$dir/data" "$dir/www" "$dir/files" "$dir/out"
	fetch=
}

# A small archive to fetch.
offer()
{
	mkdir -p "$dir/two/etc" "$dir/two/bin"
	for i in 1 2 3 4 5 6 7 8; do
		echo "$i" >"$dir/two/etc/$i"
	done
	tar -C "$dir/two" --numeric-owner $pack -cJf "$dir/files/two.tar.xz" .
	publish two.tar.xz
	[ -f server ] || serve "$dir/www"
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

# Clones of a pool go before what they depend on.
nothing()
{
	for try in 1 2 3; do
		[ -n "$(names)" ] || return 0
		names | xargs "$program" -c "$conf" -q destroy -y -f \
		    >/dev/null 2>quietly.err
	done
	[ -z "$(names)" ] || atf_fail "destroy ($try tries): $(cat quietly.err)"
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
	rm -f "$src/jails/web/fstab" "$dir/out"/*
	for name in $("$program" -c "$conf" snapshot list -H -o name web); do
		quietly snapshot remove "web@$name"
	done
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

with_snapshot()
{
	stopped
	quietly snapshot create web@a
}

changed_since()
{
	with_snapshot
	quietly set user.a=new web
}

# As an update leaves it.
updated()
{
	stopped
	quietly snapshot create web@before-update-1
	quietly set user.a=new web
}

with_clone()
{
	stopped
	quietly clone web copy
}

with_backup()
{
	if [ ! -e "$dir/backup" ]; then
		stopped
		quietly export web "$dir/backup"
	fi
	nothing
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
		create* | import | destroy* | run*) ;;
		*) [ "$("$program" -c "$conf" get user.a "$name")" != - ] ||
		    atf_fail "its configuration is lost" ;;
		esac
		# A backup has no say in this.
		case $operation.$idmap in import.?*) quietly set $idmap "$name" ;; esac
		[ "$state" = running ] || quietly start "$name"
		"$program" -c "$conf" -q exec "$name" -- true 2>err
		case $?.$operation in
		0.* | 127.create-empty) ;;
		*) atf_fail "exec: $(cat err)" ;;
		esac
		quietly stop -f "$name"
	done <states
	case $operation in
	create* | import | destroy* | run*) ;;
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

# Those that are there are whole.
many()
{
	for name in $(names); do
		quietly start "$name"
		quietly exec "$name" -- true
		quietly stop "$name"
	done
	nothing
}

# All of the backup, or none.
exported()
{
	find "$dir/out" -mindepth 1 ! -name new >left
	[ ! -s left ] || atf_fail "left: $(cat left)"
	if [ -e "$dir/out/new" ]; then
		quietly import copy "$dir/out/new"
		[ -z "$idmap" ] || quietly set $idmap copy
		rm "$dir/out/new"
	fi
	cloned
}

# Another one, which is whole, or none.
cloned()
{
	if names | grep -qx copy; then
		quietly start copy
		quietly exec copy -- true
		quietly stop copy
		# Promoted, it is what the other one depends on.
		"$program" -c "$conf" -q destroy -y copy >/dev/null 2>&1 || {
			quietly start web
			quietly stop web
			nothing
			return 0
		}
	fi
	jail
}

# Those that are told can be gone back to.
snapshots()
{
	for name in $("$program" -c "$conf" snapshot list -H -o name web); do
		quietly snapshot rollback -f "web@$name"
		quietly snapshot remove "web@$name"
	done
	jail
}

# As it was before, or as it was then; the way back is there, or was taken.
rolled()
{
	"$program" -c "$conf" snapshot list -H -o name web >list
	case $("$program" -c "$conf" get user.a web).$(wc -l <list) in
	old.* | new.1) ;;
	*) atf_fail "it is neither, or there is no way back" ;;
	esac
	jail
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

# --- killed, or full --------------------------------------------------------------

# parse LINE: sets operation, before, command, after.
parse()
{
	operation=${1%%|*}
	rest=${1#*|}
	before=${rest%%|*}
	rest=${rest#*|}
	command=${rest%%|*}
	after=${rest#*|}
}

# killed LINE N [-a]: one operation, killed at its n-th call; sets calls.  With 0
# these are counted, and that is all.
killed()
{
	parse "$1"
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
	[ "$2" -ne 0 ] || return 0
	settled
	$after
	no_leaks "$operation, killed at $2 ${3-}"
}

# unfinished: nothing is left for recovery to do.
unfinished()
{
	find "$src/.staging" "$src/.journal" -mindepth 1
	find "$src" -path '*/root/*' -prune -o -name '.ioc-tmp-*' -print
}

# What the kernel has in an overlay's work directory is its own.
shown()
{
	snapshot | grep -v '/wor[k]/work'
}

# full LINE N [-1]: one operation, on a disk that is full from the n-th call that
# needs space on, or for that call alone; sets calls.  It says so in one sentence
# and has changed nothing, or does without.
full()
{
	parse "$1"
	$before
	shown >before
	"$progs/killat" -f "$dir" ${3-} "$2" "$program" -c "$conf" -q $command \
	    >out 2>full.err </dev/null
	last=$(tail -n 1 out)
	calls=${last%% *}
	echo "$operation $2 ${3-}: $last" >>rounds
	unfinished >left
	case $operation.${3-}.$last in
	# A disk that stays full stops it where there is no way back, only on.
	*rollback..*' ended 1 '*) ;;
	*)
		[ ! -s left ] || atf_fail "$operation, full at $2 ${3-}:" \
		    "left: $(cat left full.err | tr '\n' ' ')"
		;;
	esac
	case $last in
	*' ended 0 '*) ;;
	*' ended 1 '* | *' ended 125 '*)
		grep -q '^ioc: .*No space left on device' full.err &&
		    [ "$(wc -l <full.err)" -le 3 ] ||
		    atf_fail "$operation, $2 ${3-}: $last: $(cat full.err)"
		shown >now
		case $operation.$last in
		# What was stopped for something else stays so; one of several
		# may be there; gone back, and the way back not yet removed.
		restart.* | destroy-force.* | create-many.* | \
		    update-rollback.*) ;;
		# fsync(2) of the directory, alone: what has taken the place of
		# another, or its name, is only not known to be on disk.
		set.*' 74 '* | fstab-*.*' 74 '* | snapshot.*' 74 '*) ;;
		*)
			[ -s left ] || cmp -s before now ||
			    atf_fail "$operation, $2 ${3-}:" \
			    "$(diff before now | tr '\n' ' ')"
			;;
		esac
		;;
	*) atf_fail "$operation, $2 ${3-}: $last: $(cat full.err)" ;;
	esac
	[ "$2" -ne 0 ] || return 0
	settled
	$after
	no_leaks "$operation, full at $2 ${3-}"
}

# shuffled: the lines in any order.
shuffled()
{
	awk -v seed="$(number 99999999)" 'BEGIN { srand(seed) }
	    { print rand(), $0 }' | sort -n | cut -d' ' -f2-
}

# every ROUND OPTION: each call of each operation.
every()
{
	while read -r line <&3; do
		"$1" "$line" 0
		most=$calls
		for n in $(seq 1 "$most"); do
			"$1" "$line" "$n"
			"$1" "$line" "$n" "$2"
		done
	done 3<lines
}

# chosen ROUND OPTION SECONDS: any of them, as long as there is time.
chosen()
{
	over=$(($(date +%s) + $3))
	while [ "$(date +%s)" -lt $over ]; do
		shuffled <lines >order
		while read -r line <&3 && [ "$(date +%s)" -lt $over ]; do
			"$1" "$line" 0
			most=$calls
			[ "$most" -gt 0 ] || continue
			for option in '' "$2"; do
				"$1" "$line" $(($(number $((most - 1))) + 1)) \
				    "$option"
			done
		done 3<order
	done
}

# soak ROUND OPTION HIT SECONDS: rounds of all operations; some have HIT.
soak()
{
	operations | grep . >lines
	touch rounds
	if [ -n "${IOC_SOAK_AT-}" ]; then
		set -- "$1" $IOC_SOAK_AT
		"$1" "$(grep "^$2|" lines)" "$3" ${4-}
		return 0
	fi
	if [ -n "${IOC_SOAK_ALL-}" ]; then
		every "$1" "$2"
	else
		chosen "$1" "$2" "$4"
	fi
	echo "$(wc -l <rounds) rounds, hit in $(grep -c "$3" rounds)" >&2
	cut -d' ' -f1 rounds | sort | uniq -c >&2
	grep -q "$3" rounds || atf_fail "not once hit"
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
	soak killed -a ' killed 9 ' $((seconds / 2))
}

kill_zfs_do()
{
	begin_pool
	fetch_tiny
	idmap=$os_no_idmap
	begin_soak
	offer
	soak killed -a ' killed 9 ' $((seconds / 4))
}

full_do()
{
	begin
	with tiny
	idmap=
	begin_soak
	"$progs/killat" -f "$dir" 0 /bin/true >/dev/null ||
	    atf_skip "killat -f: not on this processor"
	offer
	soak full -1 ' ended 1 ' $((seconds / 2))
}

# tight KIB: so much of the small source is left.
tight()
{
	rm -f "$src/.full"
	left=$(df -Pk "$src" | awk 'NR == 2 { print $4 }')
	dd if=/dev/zero of="$src/.full" bs=1024 count=$((left - $1)) \
	    2>/dev/null || atf_fail "cannot fill the disk"
}

# crowded LINE KIB: one operation on a disk with so much room; sets status.
crowded()
{
	parse "$1"
	$before
	tight "$2"
	shown >before
	"$program" -c "$conf" -q $command >out 2>full.err </dev/null
	status=$?
	shown >now
	rm -f "$src/.full"
	echo "$operation $2: $status" >>rounds
	case $status.$operation in
	0.* | 1.restart | 1.destroy-force | 1.create-many) ;;
	1.* | 125.*) cmp -s before now || atf_fail "$operation, $2 KiB:" \
	    "$(diff before now | tr '\n' ' ')" ;;
	*) atf_fail "$operation, $2 KiB: $status: $(cat full.err)" ;;
	esac
	[ $status -eq 0 ] || {
		grep -q '^ioc: .*No space left on device' full.err &&
		    [ "$(wc -l <full.err)" -le 2 ]
	} || atf_fail "$operation, $2 KiB: $status: $(cat full.err)"
	unfinished >left
	[ ! -s left ] || atf_fail "$operation, $2 KiB: left: $(cat left)"
	settled
	$after
	no_leaks "$operation with $2 KiB"
}

# A small disk that is really full, at any size.
full_disk_do()
{
	begin
	idmap=
	begin_soak
	ok deactivate "$src"
	src=$dir/small
	mkdir "$src"
	os_tmpfs "$src" 16m || atf_fail "no tmpfs"
	ok activate --dir "$src" --name "$source"
	os_same()
	{
		cp -a "$1" "$2"
	}
	# The disk itself is no trace of a jail.
	leaks()
	{
		os_traces | grep -v -e "^mount: .* $src " -e "^process: "
		os_members | sed 's/^/process: /'
		unfinished
	}
	with tiny
	operations | grep . >lines
	touch rounds
	over=$(($(date +%s) + seconds / 2))
	for room in 0 8 1024; do
		sed "s/^/$room /" lines
	done | shuffled >order
	while read -r room line <&3 && [ "$(date +%s)" -lt $over ]; do
		crowded "$line" "$room"
	done 3<order
	cat rounds >&2
	grep -q ': 1$' rounds || atf_fail "it never was full"
	nothing
	consistent
}

atf_init_test_cases()
{
	testcase kill_directory "killed at any call, a directory" 1200
	zcase kill_zfs "killed at any call, a pool" 1200
	testcase full "a full disk at any call that needs space" 1200
	testcase full_disk "a small disk that is full" 1200
}
