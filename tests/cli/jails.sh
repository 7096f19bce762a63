#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Commands on jails and releases: what the library is asked for, and what is told.
. "$(atf_get_srcdir)/common.sh"

IOC_FAKE_JAILS='a stopped priority=2;b stopped priority=1 boot=yes;c running boot=yes'
export IOC_FAKE_JAILS

# order PATTERN TEXT: the second words of the lines that match, in order.
order()
{
	[ "$(sed -n "s/^$1 \([^ ]*\).*/\1/p" log | tr '\n' ' ')" = "$2" ] || {
		cat log >&2
		atf_fail "another order than $2"
	}
}

start_do()
{
	prints 'b started\na started\n' start a b
	order started 'b a '
	rm log
	gives 0 -q start -o boot=no -o user.x=1=2 a
	[ ! -s err ] || atf_fail "$(cat err)"
	called 'with boot=no'
	called 'with user.x=1=2'
	rm log
	prints 'b started\n' start --rc
	called 'filter boot=yes'
	order start 'b '
	refuses 'start c: it runs already' start c
	refuses 'start: no jail nosuch' start a nosuch
	refuses 'start: no jail matches x*' start 'x*'
	refuses 'filter nosuch=1: no property nosuch' start nosuch=1
	prints 'b started\na started\n' start '*'
	IOC_FAKE_JAILS='' prints '' start --rc
}

depends_do()
{
	# What it depends on comes along, with its own properties, unless it runs.
	IOC_FAKE_JAILS='a stopped priority=-1;web stopped boot=yes depends=db,c;db stopped priority=-2;c running'
	export IOC_FAKE_JAILS
	prints 'db started\nweb started\n' start -o user.x=1 web
	order start 'db web '
	[ "$(grep -c '^with user.x=1' log)" -eq 1 ] || atf_fail "$(cat log)"
	prints 'db started\nweb started\n' start --rc
	rm log
	prints 'db started\nweb started\n' start --rc -P 4
	order started 'db web '
	rm log
	prints 'db started\nweb restarted\n' restart web
	not_called 'stop c'
	# Nor does it start when that has failed; the others do.
	for workers in 1 4; do
		rm log
		IOC_FAKE_FAIL='jail.start/mount:db=FAILED:1:no disk' \
		    gives 1 -q start -P $workers '*' boot=no,yes
		grep -qx 'ioc: start db: no disk' err || atf_fail "$(cat err)"
		grep -qx 'ioc: start web: db, on which it depends, has failed' \
		    err || atf_fail "$(cat err)"
		grep -qx 'ioc: start failed for 2 of 4 jails: db, web' err ||
		    atf_fail "$(cat err)"
		called 'start a'
		not_called 'start web'
	done
	IOC_FAKE_FAIL='require:web=NOT_FOUND:2:jail web: depends: no jail x' \
	    gives 1 -q start a web
	[ "$(cat err out)" = 'ioc: jail web: depends: no jail x
"ioc list" shows the jails.
ioc: start failed for 1 of 2 jails: web
a started' ] || atf_fail "$(cat err out)"
	# Stopping asks for nothing.
	IOC_FAKE_FAIL='require=INVALID:0:a circle' gives 0 stop c
}

stop_do()
{
	prints 'c stopped\n' stop c
	called 'stop c force=0'
	prints 'c stopped\n' stop --force c
	called 'stop c force=1'
	prints 'c stopped\n' stop --rc
	refuses 'stop a: it does not run' stop a
	rm log
	IOC_FAKE_JAILS='a running priority=2;b running priority=1;c running' \
	    gives 0 stop --rc
	order stop 'a b c '
	prints 'a restarted\n' restart a
	rm log
	prints 'c restarted\n' restart -f c
	called 'stop c force=1'
	called 'start c'
}

failures_do()
{
	# One fails, the rest is done, the failed ones are named.
	IOC_FAKE_FAIL='jail.start/mount:b=FAILED:1:mount /dev: Operation not permitted' \
	    gives 1 -q start a b
	atf_check -o inline:'a started\n' cat out
	atf_check -o inline:'ioc: start b: mount /dev: Operation not permitted\nioc: start failed for 1 of 2 jails: b\n' \
	    cat err
	called 'undo jail.start/mount b'
	IOC_FAKE_FAIL='jail.start/mount=BUSY:0:ioc 4711 works on it' \
	    refuses 'start a: ioc 4711 works on it' -q start a
	atf_check -o inline:'Try again when that has ended.\n' sed -n 2p err
	IOC_FAKE_FAIL='order=FAILED:0:a circle of dependencies' \
	    refuses 'a circle of dependencies' start '*'
	IOC_FAKE_FAIL='open=FORMAT:0:ioc.conf, line 3: not a key' \
	    refuses 'ioc.conf, line 3: not a key' start a
	IOC_FAKE_SOURCES='' refuses 'start: no source is active' start a
	IOC_FAKE_SOURCES='' gives 0 list
	IOC_FAKE_FAIL='exec=FAILED:1:no' gives 125 exec c true
	atf_check -o inline:'ioc: exec c: no\n' cat err
}

parallel_do()
{
	IOC_FAKE_JAILS='a;b;c;d;e stopped priority=1;f stopped priority=1 depends=e'
	IOC_FAKE_DELAY=500
	export IOC_FAKE_JAILS IOC_FAKE_DELAY
	begun=$(date +%s%N)
	gives 0 start -P 4 a b c d
	took=$((($(date +%s%N) - begun) / 1000000))
	[ "$took" -lt 1500 ] || atf_fail "$took ms for 4 times 500 at once"
	[ "$(sort out | tr '\n' ' ')" = 'a started b started c started d started ' ] ||
	    atf_fail "$(cat out)"
	rm log
	gives 0 start -P 8 '*'
	# Another priority, and what depends on it, only after all before.
	tail -n 2 log >last
	order started "$(sed -n 's/^started \([abcd]\)$/\1/p' log |
	    tr '\n' ' ')e f "
	[ "$(sed -n '/^started/=' log | sed -n 4p)" -lt \
	    "$(sed -n '/^start e$/=' log)" ] || atf_fail "$(cat log)"
	[ "$(sed -n '/^started e/=' log)" -lt \
	    "$(sed -n '/^start f$/=' log)" ] || atf_fail "$(cat log)"
	IOC_FAKE_FAIL='jail.start/mount:b=FAILED:1:no' \
	    gives 1 -q start -P 4 a b c d
	grep -qx 'ioc: start b: no' err || atf_fail "$(cat err)"
	grep -qx 'ioc: start failed for 1 of 4 jails: b' err ||
	    atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 3 ] || atf_fail "$(cat out)"
	IOC_FAKE_FAIL='jail.start/mount:b=FAILED:1:no' \
	    gives 1 -j start -P 4 a b c d
	[ "$(jq -c '[.jails[] | .result, .jid]' out)" = '["done",77,"failed",null,"done",77,"done",77]' ] ||
	    atf_fail "$(cat out)"
}

# A worker that dies is a failure of its jail, the others are told as ever.
dead_worker_do()
{
	IOC_FAKE_JAILS='a;b'
	IOC_FAKE_DELAY=3000
	export IOC_FAKE_JAILS IOC_FAKE_DELAY
	"$ioc" -q start -P 2 a b >out 2>err </dev/null &
	pid=$!
	sleep 1
	pgrep -P "$pid" | head -n 1 | xargs kill -9
	wait $pid
	[ $? -eq 1 ] || atf_fail "status"
	grep -q 'its worker process ended without a result$' err ||
	    atf_fail "$(cat err)"
	[ "$(wc -l <out)" -eq 1 ] || atf_fail "$(cat out)"
}

interrupt_do()
{
	# INT as well: second_interrupt, as shells hide it from what they put
	# into the background.
	for sig in TERM HUP; do
		rm -f log
		IOC_FAKE_DELAY=20000 "$ioc" -q start a b >out 2>err </dev/null &
		pid=$!
		sleep 0.5
		kill -$sig $pid
		wait $pid
		status=$?
		[ $status -eq 1 ] || atf_fail "SIG$sig: status $status"
		grep -qx 'ioc: start b: canceled' err || atf_fail "$(cat err)"
		grep -qx 'ioc: start: not tried: a' err || atf_fail "$(cat err)"
		called 'undo jail.start/mount b'
		not_called 'start a'
	done
}

interrupt_workers_do()
{
	IOC_FAKE_JAILS='a;b;c'
	export IOC_FAKE_JAILS
	IOC_FAKE_DELAY=20000 "$ioc" -q start -P 2 a b c >out 2>err </dev/null &
	pid=$!
	sleep 0.5
	kill -TERM $pid
	wait $pid
	[ $? -eq 1 ] || atf_fail "status"
	called 'undo jail.start/mount a'
	called 'undo jail.start/mount b'
	not_called 'start c'
	! pgrep -P $pid || atf_fail "workers are left"
}

second_interrupt_do()
{
	python3 - "$ioc" <<-'END' || atf_fail "the second one does not end it"
	import os, signal, subprocess, sys, time
	os.environ["IOC_FAKE_DELAY"] = "20000"
	p = subprocess.Popen([sys.argv[1], "-q", "start", "a"])
	time.sleep(0.3)
	os.kill(p.pid, signal.SIGINT)
	if p.wait(5) != 1:
	    sys.exit("the first one does not undo")
	p = subprocess.Popen([sys.argv[1], "-q", "start", "a"])
	time.sleep(0.3)
	os.kill(p.pid, signal.SIGSTOP)
	os.kill(p.pid, signal.SIGINT)
	os.kill(p.pid, signal.SIGTERM)
	os.kill(p.pid, signal.SIGCONT)
	sys.exit(0 if p.wait(5) in (-signal.SIGINT, -signal.SIGTERM) else 1)
	END
}

create_do()
{
	prints 'x\n' create -r bookworm x boot=yes tags=a,b
	called 'create x release=bookworm empty=0 thick=0 source=-'
	called 'with boot=yes'
	called 'with tags=a,b'
	not_called fetch
	# The only release there is.
	prints 'x\n' create -T x
	called 'create x release=bookworm empty=0 thick=1 source=-'
	prints 'x\n' create -e x
	called 'create x release=- empty=1 thick=0 source=-'
	prints 'x-1\nx-2\nx-3\n' create -C 3 fast/x
	called 'create x-3 release=bookworm empty=0 thick=0 source=fast'
	prints 'made-up-1\nmade-up-2\n' create --count=2 -
	prints 'x\n' create --no-basejail -r ioc/bookworm-p1 x
	not_called fetch
	IOC_FAKE_RELEASES='b 1 d v;c 1 d v' \
	    usage 'create: -r RELEASE is missing (there are b, c)' create x
	IOC_FAKE_RELEASES='' \
	    usage 'create: -r RELEASE is missing (none is fetched yet)' create x
	refuses 'no property nosuch' create -r bookworm x nosuch=1
	refuses 'boot: "maybe" is neither yes nor no' \
	    create -r bookworm x boot=maybe
}

create_fetches_do()
{
	prints 'x\n' -q create -r trixie x
	called 'fetch trixie mirror=- url=- ca=- update=1 source=-'
	called 'create x release=trixie empty=0 thick=0 source=-'
	rm log
	prints 'x\n' -q create --no-fetch -r trixie x
	not_called fetch
	# Nothing is fetched for a property, a name that is wrong or taken.
	refuses 'boot: "maybe" is neither yes nor no' \
	    create -r trixie x boot=maybe
	refuses 'create a: the name is taken' create -r trixie a
	IOC_FAKE_FAIL='jail_open=INVALID:0:"x y" is not a name' \
	    refuses '"x y" is not a name' create -r trixie 'x y'
	not_called fetch
	# On paper: neither is there.
	prints 'would do trixie: release.fetch/download\nwould do x: jail.create\n' \
	    -n create -r trixie x
}

destroy_do()
{
	refuses 'destroy: nobody can be asked, standard input is not a terminal' \
	    destroy a
	not_called destroy
	prints 'a destroyed\nb destroyed\n' -q destroy -y a b
	prints 'a destroyed\nb destroyed\n' -q -y destroy a,b
	called 'destroy a stop=0'
	refuses 'destroy c: it runs' destroy -y c
	prints 'c destroyed\n' -q destroy -y -f c
	called 'destroy c stop=1'
	rm log
	refuses 'destroy: no jail nosuch' destroy -y a nosuch
	not_called destroy
	prints 'would do a: jail.destroy/data\n' -n destroy a
	prints 'bookworm destroyed\n' -q destroy -y -r bookworm
	called 'destroy release bookworm'
	refuses 'destroy release x: there is none' -q destroy -y -r x
}

set_do()
{
	prints 'a updated, 2 properties changed\n' set boot=yes user.x= a
	called 'set a boot=yes'
	called 'set a user.x='
	prints 'a unchanged\n' set boot a
	called 'set a boot=(default)'
	prints 'b updated, 1 property changed\nc updated, 1 property changed\n' \
	    set user.x=1 boot=yes
	prints 'defaults updated, 1 property changed\n' set priority=3 defaults
	called 'set defaults priority=3'
	refuses 'set a: boot: "maybe" is neither yes nor no' set boot=maybe a
	refuses 'set defaults: no property nosuch' set nosuch=1 defaults
}

fetch_do()
{
	prints 'trixie\n' -q fetch trixie
	called 'fetch trixie mirror=- url=- ca=- update=1 source=-'
	prints 'x\ny\n' -q fetch -u https://m --no-update --ca-file /ca x -r y
	called 'fetch y mirror=https://m url=- ca=/ca update=0 source=-'
	prints 'x\n' -q fetch --url https://u --sha256 00 x
	called 'fetch x mirror=- url=https://u ca=- update=1 source=-'
	refuses 'fetch bookworm: it is there already' fetch bookworm
	atf_check -o inline:'"ioc update" brings a release up to date.\n' \
	    sed -n 2p err
	# The first fails, the second is fetched.
	gives 1 -q fetch bookworm trixie
	atf_check -o inline:'trixie\n' cat out
	prints 'bookworm updated from patch level 2 to 3\n' -q update bookworm
	prints 'bookworm: updates for patch level 3 are kept, "ioc update" applies them\n' \
	    -q update --fetch-only bookworm
	prints 'bookworm is back at patch level 1, before it was 2\n' \
	    -q update --rollback bookworm
	refuses 'update: no jail nosuch' update nosuch
	usage 'update: --rollback and --fetch-only exclude each other' \
	    update --rollback --fetch-only bookworm
}

# Jails: what runs is stopped for it, and runs again.
update_do()
{
	prints 'a updated, 4 changes\n' -q update a
	called 'update jail a'
	prints 'c: 3 changes are kept, its next start applies them\n' \
	    -q update c
	called 'fetch updates of jail c start=1'
	prints 'a: 3 changes are kept, "ioc update" applies them\n' \
	    -q update --fetch-only a
	called 'fetch updates of jail a start=0'
	prints 'c updated, 4 changes\n' -q update --restart c
	called 'stop c force=0'
	called 'start c'
	prints 'a is as before its last update\n' -q update --rollback a
	prints 'would do a: jail.update/apply
would change a: libc6: 2.36-9 -> 2.36-10
would change a: /bin/\\x1bx: - -> 0123456789ab
' -q -n update a
	called 'list updates of jail a'
	prints 'would do bookworm: release.update/obtain
would change bookworm: tzdata: 2024a -> 2025b
' -q -n update bookworm
	gives 0 -n -j update a
	tr -d '\n ' <out >flat
	grep -qF '{"who":"a","change":"libc6","from":"2.36-9","to":"2.36-10"}' \
	    flat || atf_fail "$(cat out)"
	prints 'a upgraded from bookworm to trixie, 2 files merged\n' \
	    -q upgrade -r trixie a
	called 'upgrade jail a release=trixie'
	refuses 'upgrade c: it runs' upgrade -r trixie c
	prints 'c upgraded from bookworm to trixie, 2 files merged\n' \
	    -q upgrade --restart -r trixie c
	usage 'upgrade: the release is missing: -r RELEASE' upgrade a
}

sets_do()
{
	prints 'trixie\n' -q fetch --sets base,lib32 --manifest m -F from trixie
	called "sets base,lib32 manifest=$PWD/m from=$PWD/from"
	prints 'x\n' -q fetch --no-fetch-updates x
	called 'fetch x mirror=- url=- ca=- update=0 source=-'
	usage 'fetch: -F and -u exclude each other' fetch -F /x -u https://x y
	usage 'fetch: --url and --sets exclude each other' \
	    fetch --url https://x --sha256 00 --sets base y
	usage 'fetch: --manifest needs one release, which it is of' \
	    fetch --manifest m a b
	usage 'fetch: -U and --no-fetch-updates exclude each other' \
	    fetch -U --no-fetch-updates a
	usage 'list: -u is for -R only' list -u https://x
	prints '14.2-RELEASE\n' list -R -H --distribution freebsd --arch arm64 \
	    -o name -u https://x
	called 'remote freebsd mirror=https://x arch=arm64'
}

verify_do()
{
	IOC_FAKE_JAILS='clean stopped;web stopped;bookworm stopped'
	export IOC_FAKE_JAILS
	prints '' verify clean
	gives 1 verify web
	printf 'changed  bin/sh (content mode)\nextra    tmp/a\\nb\n' >expected
	atf_check cmp expected out
	[ ! -s err ] || atf_fail "$(cat err)"
	# The jail of that name, unless the release is meant.
	gives 1 -j verify bookworm
	atf_check -o 'inline:jail changed,extra bin/sh null true\n' jq -r \
	    '.verified | "\(.kind) \([.differences[].what] | join(",")) " +
	    "\(.differences[0].path) \(.differences[1].detail) \(.complete)"' out
	gives 1 -j verify -r bookworm
	atf_check -o 'inline:release\n' jq -r .verified.kind out
	refuses 'verify nosuch: no release' verify nosuch
	IOC_FAKE_FAIL='verify=FORMAT:0:the record is damaged' \
	    refuses 'verify web: the record is damaged' verify web
}

host_do()
{
	prints 'ioc /x activated\n' activate --dir /x
	called 'activate /x ioc'
	prints 'fast /x activated\n' activate --dir=/x --name fast
	called 'activate /x fast'
	rm log
	prints 'would do /x: source.activate\n' activate -n --dir /x
	not_called activate
	prints 'ioc tank activated\n' activate tank
	called 'activate pool tank ioc -'
	prints 'z tank/jails activated\n' activate tank/jails -m /j --name z
	called 'activate pool tank/jails z /j'
	IOC_FAKE_FAIL='activate=EXISTS:0:activate: the name ioc is taken' \
	    refuses 'activate: the name ioc is taken' activate --dir /x
	prints '/x deactivated\n' deactivate /x
	prints '3 things recovered\n' -q recover
	called 'open config=- dry_run=0 no_recover=1 source=-'
	prints 'FEATURE  AVAILABLE  MISSING
overlay  yes        -
idmap    no         the file system of /var/lib/ioc has no id-mapped mounts
' doctor
	prints '' -q rename a z
	called 'rename a z'
	refuses 'no jail nosuch' rename nosuch z
}

dry_run_do()
{
	for command in 'start a' 'stop c' 'restart c' 'destroy a' \
	    'create -r bookworm x' 'fetch trixie' 'exec c true' 'console c' \
	    'console -s a' 'exec -f a true' 'run true' 'rename a z' \
	    'deactivate /x'; do
		# shellcheck disable=SC2086
		gives 0 -n $command
		[ -s out ] || atf_fail "no plan: $command"
		! grep -v '^would do ' out || atf_fail "results: $command"
		not_called started
		not_called 'exec '
	done
}

progress_do()
{
	# One line per step where there is no terminal; nothing with -q.
	gives 0 start a
	atf_check -o inline:'a: jail.start/mount\n' cat err
	gives 0 -d debug start a
	atf_check -o match:'^a: jail.start/mount: done in 0\.[0-9]*s$' cat err
	for quiet in -q '-d error' -j; do
		# shellcheck disable=SC2086
		gives 0 $quiet start a
		[ ! -s err ] || atf_fail "$quiet: $(cat err)"
	done
	IOC_FAKE_DELAY=20 gives 0 -q --events json start a
	[ "$(jq -r '[.schema, .event, .phase, .who] | join(" ")' err |
	    uniq)" = '1 jail.start/mount BEGIN a
1 jail.start/mount PROGRESS a
1 jail.start/mount DONE a' ] || atf_fail "$(cat err)"
	[ "$(jq -c 'select(.phase == "PROGRESS") | [.done, .total, .unit]' err |
	    head -n 1)" = '[1048576,104857600,"bytes"]' ] || atf_fail "$(cat err)"
	IOC_FAKE_FAIL='jail.start/mount=LIMIT:0:too much' \
	    gives 1 --events json -j start a
	[ "$(jq -c 'select(.phase == "FAILED") | .error' err)" = '{"code":"LIMIT","message":"too much"}' ] ||
	    atf_fail "$(cat err)"
}

atf_init_test_cases()
{
	testcase start "order, --rc, properties for one run"
	testcase depends "what others depend on is started before them"
	testcase stop "reverse order, force, restart"
	testcase failures "a failure does not end the rest"
	testcase parallel "workers at once, priorities and dependencies kept" jq
	testcase dead_worker "a worker process that dies"
	testcase interrupt "a signal makes the library undo"
	testcase interrupt_workers "and so in worker processes"
	testcase second_interrupt "the second signal ends it" python3
	testcase create "names, releases, properties"
	testcase create_fetches "a missing release is fetched, late errors early"
	testcase destroy "asks, and refuses where nobody can be asked"
	testcase set "changes, resets, filters, defaults"
	testcase fetch "fetch and update"
	testcase update "jails, stopped for it and started again"
	testcase sets "fetch of sets, lists of what there is"
	testcase verify "differences, and none" jq
	testcase host "activate, deactivate, recover, doctor, rename"
	testcase dry_run "-n prints a plan and does nothing"
	testcase progress "lines, JSON lines, nothing" jq
}
