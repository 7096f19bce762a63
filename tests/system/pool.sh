# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A source in a pool of ZFS, for the tests of this folder; after common.sh.
#
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086,SC2034

# begin_pool: a pool with an active source instead of the directory.
begin_pool()
{
	begin
	made_pool
	plain=$src
	ok deactivate "$plain"
	ok activate "$pool" -m "$dir/zsource" --name "$source"
	src=$dir/zsource
}

# From here on what is left of jails is looked for in the pool as well.
made_pool()
{
	pool=ioct$source
	# Its mounts are no trace of a jail.
	leaks()
	{
		os_traces | grep -v -e "^mount: .*$pool/iocage" -e "^process: "
		os_members | sed 's/^/process: /'
		for place in .staging .journal; do
			find "$src/$place" -mindepth 1 2>/dev/null |
			    sed 's/^/unfinished: /'
		done
	}
	# Datasets of what is gone, and snapshots but the one of a release's
	# level that jails are cloned from.
	store_traces()
	{
		zfs list -H -r -t filesystem -o name "$pool/iocage/.staging" \
		    "$pool/iocage/jails" | grep -v -x \
		    -e "$pool/iocage/.staging" -e "$pool/iocage/jails" |
		    sed 's/^/dataset: /'
		zfs list -H -r -t snapshot -o name "$pool/iocage" |
		    grep -v "/releases/[^/]*/p[0-9]*/root@p[0-9]*\$" |
		    sed 's/^/snapshot: /'
	}
	echo "$pool" >pool
	"$tree/tests/common/pool" up "$pool" "$dir" 2>pool.err
	case $? in
	0) ;;
	77) atf_skip "$(sed 's/^skipped: //' pool.err)" ;;
	*) atf_fail "no pool: $(cat pool.err)" ;;
	esac
}

end_pool()
{
	if [ -f dir ] && [ -f pool ]; then
		dir=$(cat dir)
		timeout 60 "$program" -c "$dir/ioc.conf" -q stop -f '*' \
		    >/dev/null 2>&1
		"$tree/tests/common/pool" down "$(cat pool)" "$dir"
	fi
	end
}

zcase()
{
	testcase "$@"
	eval "$1_cleanup() { end_pool; }"
}

with_tiny()
{
	if ! command -v zfs-fuse >/dev/null; then
		fetch_tiny
		return 0
	fi
	zconf=$conf
	conf=$dir/plain.conf
	src=$plain
	printf 'ioc_run_dir="%s/run"\nioc_dir_plain="%s"\n' "$dir" "$src" >"$conf"
	with tiny
	conf=$zconf
	src=$dir/zsource
	base=$pool/iocage/releases/tiny
	zfs create -p -o setuid=on -o exec=on "$base/p0/root" ||
	    atf_fail "no release"
	chmod 700 "$src/releases/tiny" "$src/releases/tiny/p0"
	cp -a "$plain/releases/tiny/release.json" "$src/releases/tiny/"
	cp -a "$plain/releases/tiny/p0/level.json" "$src/releases/tiny/p0/"
	cp -a "$plain/releases/tiny/p0/root/." "$src/releases/tiny/p0/root/"
}

# datasets TEXT: what there is of jails.
datasets()
{
	atf_check -o "inline:$1" sh -c \
	    "zfs list -H -r -t filesystem -o name $pool/iocage/jails |
	    sed -n 's,^$pool/iocage/jails/,,p'"
}

# Mounts of the pool are no trace of a jail.
leaks()
{
	os_traces | grep -v -e "^mount: .*$pool/iocage" -e "^process: "
	os_members | sed 's/^/process: /'
	for place in .staging .journal; do
		find "$src/$place" -mindepth 1 2>/dev/null |
		    sed 's/^/unfinished: /'
	done
}

quiet()
{
	datasets ""
	left=$(zfs list -H -r -t filesystem -o name "$pool/iocage/.staging" |
	    grep -vx "$pool/iocage/.staging")
	[ -z "$left" ] || atf_fail "left in staging: $left"
	no_leaks
}

# --- kill -9 -----------------------------------------------------------------

# killed ARG...: killed at a random moment of the time that it takes.
killed()
{
	moment=$(number "$((took + 2))")
	"$program" -c "$conf" -q "$@" >/dev/null 2>&1 </dev/null &
	pid=$!
	sleep "$(awk -v ms="$moment" 'BEGIN { printf "%.3f", ms / 1000 }')"
	kill -9 $pid 2>/dev/null
	wait $pid
	echo "$* killed after $moment of $took ms: status $?" >&2
	sleep 0.3
	ok recover
	"$program" -c "$conf" -q list -H -o name,state >states 2>err
	[ ! -s err ] || atf_fail "list complains: $(tr '\n' ';' <err)"
	! grep -v '	stopped$' states >&2 || atf_fail "not stopped"
	left=$(zfs list -H -r -t filesystem -o name "$pool/iocage/.staging" |
	    grep -vx "$pool/iocage/.staging")
	[ -z "$left" ] || atf_fail "left in staging: $left"
	no_leaks "$*"
}

timed()
{
	begun=$(now)
	ok -q "$@"
	took=$(($(now) - begun))
}
