# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A source of its own for each test, with nothing left of it afterwards.
#
# IOC is the program, IOC_TEST_PROGS the folder of the static programs in prog/,
# IOC_TEST_CACHE a directory in which releases are fetched once for all tests.

. "$(atf_get_srcdir)/os.sh"

tree=$(atf_get_srcdir)/../..
program=${IOC:-$tree/build/src/cli/ioc}
progs=${IOC_TEST_PROGS:-$tree/build/tests/system/prog}
cache=${IOC_TEST_CACHE:-/var/tmp/ioc-test-cache}

# Archives of tests are packed for speed.
export XZ_OPT=-0

# --- a source ----------------------------------------------------------------

# begin: makes and activates a source in a new directory.
begin()
{
	[ -x "$program" ] || atf_fail "not built: $program"
	dir=$(mktemp -d /var/tmp/ioc-sys.XXXXXX) || atf_fail "no directory"
	echo "$dir" >dir
	conf=$dir/ioc.conf
	src=$dir/source
	os_links | sort >links
	# A name of its own, so that what it leaves behind can be told.
	source=t$(basename "$dir" | tr -cd 'A-Za-z0-9')
	echo "$source" >source
	printf 'ioc_run_dir="%s/run"\n' "$dir" >"$conf"
	atf_check -o ignore -e ignore \
	    "$program" -c "$conf" activate --dir "$src" --name "$source"
}

# end: what every cleanup does, with whatever is still there.
end()
{
	[ -f dir ] || return 0
	dir=$(cat dir)
	source=$(cat source)
	conf=$dir/ioc.conf
	[ ! -f server ] || kill "$(cat server)" 2>/dev/null || :
	timeout 60 "$program" -c "$conf" -q stop -f '*' >/dev/null 2>&1 || :
	os_pids | while read -r pid _; do
		kill -9 "$pid" 2>/dev/null || :
	done
	os_cgroups_remove
	os_unmount
	case $dir in
	/var/tmp/ioc-sys.*)
		os_free "$dir"
		rm -rf "$dir"
		;;
	esac
}

# testcase NAME DESCRIPTION [SECONDS]: a case that is the function NAME_do, as
# root, whose cleanup is end, and which may take so long.
testcase()
{
	atf_test_case "$1" cleanup
	eval "descr_$1=\$2"
	eval "$1_head() { atf_set descr \"\$descr_$1\"; atf_set require.user root;
	    atf_set timeout ${3:-300}; }"
	eval "$1_body() { $1_do; }"
	eval "$1_cleanup() { end; }"
	atf_add_test_case "$1"
}

# --- the program -------------------------------------------------------------

ioc()
{
	"$program" -c "$conf" "$@"
}

# open_program: sets public to the program, where everybody may execute it; a
# build tree may lie where only its owner can look.
open_program()
{
	public=$program
	! os_nobody test -r "$program" || return 0
	built=$(dirname "$(dirname "$program")")
	chmod 755 "$dir"
	mkdir "$dir/public" "$dir/public/cli" "$dir/public/helpers"
	cp "$built"/libioc.so* "$dir/public/" 2>/dev/null
	cp "$built"/helpers/ioc-* "$dir/public/helpers/" 2>/dev/null
	public=$dir/public/cli/ioc
	cp "$program" "$public" || atf_fail "cannot copy $program"
}

# ok ARG...: it succeeds, whatever it says.
ok()
{
	atf_check -o ignore -e ignore "$program" -c "$conf" "$@"
}

# says PATTERN ARG...: it succeeds and its stdout matches.
says()
{
	pattern=$1
	shift
	atf_check -o "match:$pattern" -e ignore "$program" -c "$conf" "$@"
}

# prints TEXT ARG...: it succeeds and its stdout is exactly this line.
prints()
{
	text=$1
	shift
	atf_check -o "inline:$text\n" -e ignore "$program" -c "$conf" "$@"
}

# gives STATUS ARG...: its exit status, nothing else.
gives()
{
	status=$1
	shift
	atf_check -s "exit:$status" -o ignore -e ignore \
	    "$program" -c "$conf" "$@"
}

# refuses STATUS PATTERN ARG...: it fails with that status, says nothing on
# stdout and one sentence on stderr, with at most one line of advice or usage,
# and leaves everything as it was.  With `nothing_between` that is how the one
# before has left it.
refuses()
{
	status=$1
	pattern=$2
	shift 2
	if [ -n "${nothing_between-}" ] && [ -e after ]; then
		mv after before
	else
		snapshot >before
	fi
	"$program" -c "$conf" -q "$@" >stdout 2>stderr </dev/null
	got=$?
	snapshot >after
	case " $status " in
	*" $got "*) ;;
	*) cat stderr >&2; atf_fail "status $got instead of $status: ioc $*" ;;
	esac
	[ ! -s stdout ] || { cat stdout >&2; atf_fail "it printed: ioc $*"; }
	grep -qE -e "$pattern" stderr ||
	    { cat stderr >&2; atf_fail "does not say $pattern: ioc $*"; }
	lines=$(wc -l <stderr)
	[ "$lines" -ge 1 ] && [ "$lines" -le 2 ] ||
	    { cat stderr >&2; atf_fail "$lines lines instead of one: ioc $*"; }
	if LC_ALL=C grep -q '[[:cntrl:]]' stderr; then
		cat -v stderr >&2
		atf_fail "control characters: ioc $*"
	fi
	cmp -s before after ||
	    { diff before after >&2; atf_fail "something changed: ioc $*"; }
}

# What must be the same after a refusal: all names, and what the files of ours
# say.  The content of roots is left out, for speed; a download is checked again
# whenever it is used, and a lock file holds nothing.
snapshot()
{
	cat "$conf"
	find "$src" \( -path '*/root/*' -o -path "$src/cache/*" \) -prune -o \
	    -print | sort
	find "$src" -path '*/root/*' -prune -o -type f -name '*.json' \
	    -exec cksum '{}' + | sort
	find "$dir/run" ! -name lock ! -name '*.lock' 2>/dev/null | sort
}

# state NAME STATE: what list says of it.
state()
{
	prints "$2" list -H -o state "$1"
}

# needs PROGRAM: of the test itself.
needs()
{
	command -v "$1" >/dev/null || atf_skip "$1 is not installed"
}

# --- releases ------------------------------------------------------------------

# with NAME: the release is in the source: "tiny" (one static program) or the
# distribution's own.  Fetched once for all tests; links to the same files after
# that where files can be linked, which is safe because jails see a release
# read-only.
with()
{
	mkdir -p "$cache"
	# Another test may just be fetching it; who has died is not.
	until ln -s $$ "$cache/$1.lock" 2>/dev/null; do
		kill -0 "$(readlink "$cache/$1.lock")" 2>/dev/null ||
		    rm -f "$cache/$1.lock"
		sleep 0.5
	done
	cached "$1"
	rm -f "$cache/$1.lock"
}

cached()
{
	if [ ! -e "$cache/$1.done" ]; then
		[ ! -e "$cache/$1.failed" ] ||
		    atf_skip "no release $1: its fetch failed in another test"
		touch "$cache/$1.failed"
		"fetch_$1"
		mkdir -p "$cache/$1"
		os_same "$src/releases/$release_name" "$cache/$1/" ||
		    atf_fail "cannot link $cache"
		rm "$cache/$1.failed"
		touch "$cache/$1.done"
		return 0
	fi
	os_same "$cache/$1/." "$src/releases/"
}

fetch_native()
{
	release_name=$release
	if [ -n "${IOC_TEST_BASE-}" ]; then
		mkdir -p "$dir/www" "$dir/files"
		cp "$IOC_TEST_BASE" "$dir/files/base.txz"
		publish base.txz
		serve "$dir/www"
		ok fetch --url "https://localhost:$port/base.txz" \
		    --sha256 "$(sha256 "$IOC_TEST_BASE")" \
		    --ca-file "$dir/ca.pem" "$release"
		rm -rf "$dir/www" "$dir/files"
		return 0
	fi
	# A mirror of the world may be away for a moment; not three times.
	for attempt in 1 2 3; do
		"$program" -c "$conf" fetch "$release" >/dev/null \
		    2>"$cache/fetch.err" && return 0
		grep '^ioc: ' "$cache/fetch.err" | sed "s/^/$attempt: /" >&2
		sleep 5
	done
	atf_fail "fetch: $(grep '^ioc: ' "$cache/fetch.err")"
}

fetch_tiny()
{
	release_name=tiny
	tiny_archive
	serve "$dir/www"
	ok fetch --url "https://localhost:$port/tiny.tar.xz" \
	    --sha256 "$(sha256 "$dir/files/tiny.tar.xz")" \
	    --ca-file "$dir/ca.pem" tiny
}

sha256()
{
	openssl dgst -sha256 -r "$1" | cut -d' ' -f1
}

# tiny_archive: publishes $dir/files/tiny.tar.xz.
tiny_archive()
{
	mkdir -p "$dir/www" "$dir/files" "$dir/tiny/bin" "$dir/tiny/etc" "$dir/tiny/tmp" \
	    "$dir/tiny/root" "$dir/tiny/dev" "$dir/tiny/proc" "$dir/tiny/sys"
	os_tiny "$dir/tiny"
	chmod 1777 "$dir/tiny/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' \
	    >"$dir/tiny/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$dir/tiny/etc/group"
	# shellcheck disable=SC2086
	tar -C "$dir/tiny" --numeric-owner $pack -cJf "$dir/files/tiny.tar.xz" . ||
	    atf_fail "cannot pack"
	rm -rf "$dir/tiny"
	publish tiny.tar.xz
}

# publish NAME: what the server answers with $dir/files/NAME, header and all.
publish()
{
	{
		printf 'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n' \
		    "$(wc -c <"$dir/files/$1")"
		cat "$dir/files/$1"
	} >"$dir/www/$1"
}

# certify: a key and a certificate of this test's servers.
certify()
{
	[ -f "$dir/key.pem" ] || openssl req -x509 -newkey ec \
	    -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	    -subj /CN=localhost -addext subjectAltName=DNS:localhost \
	    -keyout "$dir/key.pem" -out "$dir/ca.pem" 2>/dev/null ||
	    atf_fail "no certificate"
}

# serve DIR: an HTTPS server on loopback; sets port, makes $dir/ca.pem.
serve()
{
	certify
	for try in 1 2 3 4 5; do
		port=$((20000 + ($$ * 7 + try * 131) % 20000))
		# Not a child of this shell, so that a test can wait for its own.
		(here=$PWD; cd "$1" || exit; openssl s_server -accept "localhost:$port" \
		    -cert "$dir/ca.pem" -key "$dir/key.pem" -HTTP -quiet \
		    </dev/null >/dev/null 2>"$dir/server.log" &
		echo $! >"$here/server")
		for wait in 1 2 3 4 5 6 7 8 9 10; do
			sleep 0.2
			kill -0 "$(cat server)" 2>/dev/null || continue 2
			openssl s_client -connect "localhost:$port" </dev/null \
			    >/dev/null 2>&1 && return 0
		done
	done
	atf_fail "no HTTPS server after $try tries, $wait waits"
}

# --- afterwards -----------------------------------------------------------------

# Everything that a stopped or destroyed jail may have left.
leaks()
{
	os_traces
	for place in .staging .journal; do
		find "$src/$place" -mindepth 1 2>/dev/null |
		    sed 's/^/unfinished: /'
	done
	# Every uid range belongs to a jail.
	claims=$(find "$src/.ids" -mindepth 1 2>/dev/null | wc -l)
	jails=$(find "$src/jails" -mindepth 1 -maxdepth 1 | wc -l)
	[ "$claims" -le "$jails" ] ||
	    echo "uid ranges: $claims for $jails jails"
}

# Nothing of it is left; what ends by itself has two seconds to do so.
no_leaks()
{
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		leaks >leaks
		[ -s leaks ] || return 0
		sleep 0.2
	done
	cat leaks >&2
	atf_fail "left behind after ${1:-the test} ($wait looks)"
}

# What a store may have left; others than directories have more (pool.sh).
store_traces()
{
	:
}

# Everything that may be left when there is no jail, and `recover` has been:
# temporary files, records of what runs, locks that are held (others are swept
# away), processes and network interfaces as well.
leftovers()
{
	leaks
	store_traces
	find "$src/jails" -mindepth 1 | sed 's/^/of a jail: /'
	find "$src/.ids" -mindepth 1 2>/dev/null | sed 's/^/uid range: /'
	find "$src" -path '*/root/*' -prune -o -name '.ioc-tmp-*' -print |
	    sed 's/^/temporary file: /'
	find "$dir/run" ! -type d | sed 's/^/in the run directory: /'
	os_helpers | sed 's/^/helper: /'
	os_links | sort | comm -13 links - | sed 's/^/interface: /'
}

# settled: recovery finds nothing any more; what has been killed a moment ago may
# need one to be gone.
settled()
{
	for wait in 1 2 3 4 5 6 7 8 9 10; do
		"$program" -c "$conf" -q recover >recovered 2>recover.err ||
		    atf_fail "recover: $(cat recover.err)"
		[ ! -s recover.err ] ||
		    atf_fail "recover complains: $(cat recover.err)"
		! grep -qx 'nothing to recover' recovered || return 0
		sleep 0.2
	done
	atf_fail "recover finds something each time: $(cat recovered), $wait"
}

# whole_jail NAME STATE: it can be read, runs, and ends.  An empty one has no
# program.
whole_jail()
{
	ok get -a "$1"
	ok fstab show "$1"
	if [ "$2" != running ] &&
	    ! "$program" -c "$conf" -q start "$1" >/dev/null 2>exec.err; then
		# An empty one, where a program of its own starts a jail.
		grep -q 'exec_start .*No such file or directory' exec.err ||
		    atf_fail "start $1: $(cat exec.err)"
		return 0
	fi
	"$program" -c "$conf" -q exec "$1" -- true >/dev/null 2>exec.err
	case $? in
	0 | 127) ;;
	*) atf_fail "exec $1: $(cat exec.err)" ;;
	esac
	ok stop "$1"
}

# consistent: whatever was done, and whoever was killed: what there is is whole,
# and when it is destroyed nothing of any kind is left.
consistent()
{
	settled
	"$program" -c "$conf" -q list -H -o name,state >states 2>err ||
	    atf_fail "list: $(cat err)"
	[ ! -s err ] || atf_fail "list complains: $(tr '\n' ';' <err)"
	find "$src/.staging" "$src/.journal" -mindepth 1 >unfinished
	[ ! -s unfinished ] || atf_fail "unfinished: $(cat unfinished)"
	while read -r name state; do
		case $state in
		running | stopped) whole_jail "$name" "$state" ;;
		*) atf_fail "$name is $state" ;;
		esac
	done <states
	cut -f1 states | xargs -r "$program" -c "$conf" -q destroy -y \
	    >/dev/null 2>err || atf_fail "destroy: $(cat err)"
	settled
	for wait in $(seq 1 20); do
		leftovers >left
		[ -s left ] || return 0
		sleep 0.3
	done
	cat left >&2
	atf_fail "left behind after all ($wait looks)"
}

# more MAX: goes on, from i=0, as often as that, as long as there is time and, if
# hits are counted in `hit`, until there was one; three times at least.  Without
# regard to time where IOC_TEST_KILLS says how often.
more()
{
	[ "$i" -gt 0 ] || more_until=$(($(date +%s) + 6))
	i=$((i + 1))
	[ "$i" -le "$1" ] || return 1
	[ "$i" -gt 3 ] && [ "${hit-1}" -gt 0 ] && [ -z "${IOC_TEST_KILLS-}" ] ||
	    return 0
	[ "$(date +%s)" -lt "$more_until" ]
}

# number MAX: a random one from 0 to MAX.
number()
{
	od -An -N4 -tu4 /dev/urandom | awk -v max="$1" '{ print $1 % (max + 1) }'
}

# now: milliseconds.
now()
{
	# Seconds are enough to hit something, if less evenly.
	command -v perl >/dev/null || { date +%s000; return; }
	perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'
}

# own_mounts: the head of a script that runs in a mount namespace of its own, with
# $dir (Linux).  Mounts of other tests that run at this time are none of it: who
# ends them looks for processes that have them.
own_mounts()
{
	printf '#!/bin/sh\ndir=%s\n' "$dir"
	cat <<-'END'
	[ "$1" = -n ] || exec unshare -m "$0" -n "$@"
	shift
	awk -v d="$dir" 'index($0, "/var/tmp/ioc-sys.") != 0 &&
	    index($0, d) == 0 { print $5 }' /proc/self/mountinfo |
	    sort -r | xargs -r umount -l 2>/dev/null
	END
}
