# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A source in a pool of ZFS, for the tests of this folder.

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
