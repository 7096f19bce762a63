#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Many processes at once, on few names, some of them killed; then nothing may be
# left of any kind.  IOC_STRESS_SECONDS is how long, IOC_STRESS_SEED what the
# chances begin with, IOC_STRESS_PROCESSES how many there are.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

seconds=${IOC_STRESS_SECONDS:-15}
seed=${IOC_STRESS_SEED:-$(number 999999)}

# stressed PROCESSES [OPTION...]: what was said is in $dir/stress.
stressed()
{
	processes=${IOC_STRESS_PROCESSES:-$1}
	shift
	[ -x "$progs/stress" ] || atf_fail "not built: $progs/stress"
	mkdir -p "$dir/stress/data"
	echo "seed $seed" >&2
	"$progs/stress" -p "$processes" -t "$seconds" -s "$seed" -r tiny \
	    -d "$dir/stress" "$@" "$program" "$conf" >report
	status=$?
	cat report >&2
	[ $status -eq 0 ] || atf_fail "findings, see the report ($status)"
	# It would prove nothing if nothing had been done.
	for operation in create start stop rename destroy-force all; do
		awk -v o="$operation" '$1 == o && $2 > 0 { f = 1 }
		    END { exit !f }' report || atf_fail "never done: $operation"
	done
	awk '$1 == "all" && $4 > 0 { f = 1 } END { exit !f }' report ||
	    atf_fail "nothing was killed"
}

afterwards()
{
	consistent
	prints tiny list -r -H -o name
	ok create -r tiny web "$@"
	ok start web
	prints whole exec web -- echo whole
	ok stop web
	ok destroy -y web
	no_leaks
}

directory_do()
{
	begin
	with tiny
	stressed 50
	afterwards
}

zfs_do()
{
	# Many at once, and killed, are more than that daemon bears: it hangs.
	! command -v zfs-fuse >/dev/null || [ -n "${IOC_STRESS_FUSE-}" ] ||
	    atf_skip "zfs-fuse may hang: IOC_STRESS_FUSE=1 tries it"
	begin_pool
	fetch_tiny
	stressed 12 ${os_no_idmap:+-o $os_no_idmap}
	afterwards $os_no_idmap
}

# found PATTERN: the checks see what has just been left.
found()
{
	leftovers >left
	grep -q "$1" left || atf_fail "not seen: $1, but $(cat left)"
}

# The checks themselves: each kind of what may be left is found.
checks_do()
{
	begin
	with tiny
	consistent
	leftovers >left
	[ ! -s left ] || atf_fail "found without a reason: $(cat left)"
	for file in .staging/x .journal/x jails/x .ids/65536 .ioc-tmp-x; do
		touch "$src/$file"
		found "/$file\$"
		rm "$src/$file"
	done
	touch "$dir/run/x.jail"
	found 'run directory: .*x.jail'
	rm "$dir/run/x.jail"
	mkdir "$dir/mounted"
	os_tmpfs "$dir/mounted" 1m
	found "mount: .*/mounted"
	umount "$dir/mounted"
	ok create -r tiny web
	found 'of a jail: .*/jails/web'
	ok start web
	# Not every system's jails have a process of their own.
	"$program" -c "$conf" -q exec web -- sleep 600 &
	pid=$!
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.3
		os_pids | grep -q sleep && break
	done
	found '^process: '
	ok stop -f web
	wait $pid
	# A lock that is held stays; one that was left is swept away.
	touch "$dir/run/lock/jail.left"
	"$program" -c "$conf" -q run -r tiny -- sleep 600 &
	pid=$!
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.3
		os_pids | grep -q sleep && break
	done
	ok recover
	found 'in the run directory: .*/lock/jail.*run-'
	found '^helper: '
	! grep -q jail.left left || atf_fail "a lock is left ($wait looks)"
	kill -9 $pid
	wait $pid
	ok destroy -y web
	settled
	consistent
}

atf_init_test_cases()
{
	testcase checks "what the checks see"
	testcase directory "a source that is a directory" 900
	zcase zfs "a source in a pool" 900
}
