#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Programs in jails: status, descriptors, signals, terminals.
. "$(atf_get_srcdir)/common.sh"

status_do()
{
	for want in 0 1 2 7 125 126 127 255; do
		gives $want exec web -- sh -c "exit $want"
		gives $want run -- sh -c "exit $want"
	done
	gives 143 exec web -- sh -c 'kill -TERM $$'
	gives 137 exec web -- sh -c 'kill -KILL $$'
	gives 127 exec web -- no-such-command
	atf_check -o match:'^ioc: exec web: no-such-command: No such file' \
	    cat err
	gives 126 exec web -- /dev/null
	atf_check -o match:'^ioc: exec web: /dev/null: Permission denied' \
	    cat err
	gives 125 exec db -- true
	atf_check -o inline:'ioc: exec db: it does not run\n"ioc start" starts a jail, exec -f for one command.\n' \
	    cat err
	gives 125 exec nosuch -- true
	gives 125 console nosuch
	gives 125 console db
	IOC_FAKE_FAIL='jail.create/root=NOT_FOUND:0:no release x' \
	    gives 125 run -r x true
	IOC_FAKE_FAIL='wait=FAILED:0:lost' gives 125 exec web true
	IOC_FAKE_SOURCES='' gives 125 exec web true
	gives 127 run no-such-command
	# Where standard error is no terminal it is the program's alone.
	gives 0 run true
	[ ! -s err ] || atf_fail "$(cat err)"
	gives 0 -d debug run true
	[ -s err ] || atf_fail "no steps with -d debug"
}

descriptors_do()
{
	gives 3 exec web -- sh -c 'echo out; echo err >&2; exit 3'
	atf_check -o inline:'out\n' cat out
	atf_check -o inline:'err\n' cat err
	echo in | "$ioc" exec web cat >out 2>&1 || atf_fail "$(cat out)"
	atf_check -o inline:'in\n' cat out
	# Binary, and much of it.
	head -c 3000000 /dev/urandom >data
	"$ioc" exec web cat <data >copy || atf_fail "status"
	cmp data copy || atf_fail "differs"
	"$ioc" exec web -- sh -c 'exec head -c 3000000 /dev/zero' |
	    { sleep 1; wc -c; } >count
	atf_check -o match:'^ *3000000$' cat count
	# A reader that goes away.
	timeout 10 sh -c "\"$ioc\" exec web yes | head -n 1" >out ||
	    atf_fail "hangs"
	atf_check -o inline:'y\n' cat out
	# A program that leaves another one behind with its output open.
	timeout 10 "$ioc" exec web -- sh -c 'sleep 60 & echo done' |
	    head -n 1 >out
	atf_check -o inline:'done\n' cat out
}

options_do()
{
	prints 'v w\n' exec -e A=v -e B=w web -- sh -c 'echo $A $B'
	prints '/tmp\n' exec -d /tmp web pwd
	gives 0 exec -u www web true
	called 'exec web argv0=true user=www dir=- tty=0 0x0'
	echo 'echo $((40 + 2))' | "$ioc" console web >out 2>/dev/null
	grep -q 42 out || atf_fail "console"
	called 'exec web argv0=- user=- dir=- tty=0 0x0'
	echo : | "$ioc" -q console -s db >out 2>&1 || atf_fail "$(cat out)"
	called 'started db'
	gives 5 -q exec -f -o boot=yes db -- sh -c 'exit 5'
	called 'with boot=yes'
	called 'stop db force=0'
	gives 125 exec -f web true
	gives 0 -q run -r trixie -o boot=yes --keep --name mine -- true
	called 'run release=trixie keep=mine'
	called 'with boot=yes'
}

signals_do()
{
	for sig in TERM HUP QUIT USR1; do
		"$ioc" exec web -- sleep 60 &
		pid=$!
		sleep 0.3
		kill -$sig $pid
		wait $pid
		status=$?
		[ $status -eq $((128 + $(kill -l $sig 2>/dev/null ||
		    echo 0))) ] || [ $status -gt 128 ] ||
		    atf_fail "$sig: status $status"
	done
	called 'waited 143'
	called 'waited 129'
	called 'waited 131'
	# A program that catches it decides itself.
	"$ioc" exec web -- sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done' &
	pid=$!
	sleep 0.5
	kill -TERM $pid
	wait $pid
	[ $? -eq 9 ] || atf_fail "not 9"
}

term()
{
	python3 "$(atf_get_srcdir)/term.py" "$ioc" "$1" || atf_fail "$1"
}

for scenario in status restored killed shell window pending interrupt \
    no_tty no_tty_interrupt mixed suspend hangup big_input; do
	eval "term_${scenario}_do() { term $scenario; }"
done

forced_do()
{
	# The end of the input is told to the program as a terminal does it.
	printf 'one\ntwo' | timeout 10 "$ioc" exec -t web -- cat >out ||
	    atf_fail "status $?"
	tr -d '\r' <out | grep -q two || atf_fail "$(cat out)"
	printf 'one\n' | timeout 10 "$ioc" exec -t web -- cat >out ||
	    atf_fail "status $?"
	timeout 10 "$ioc" exec -t web -- sh -c 'test -t 0 && test -t 1' \
	    </dev/null || atf_fail "no terminal"
	called 'exec web argv0=cat user=- dir=- tty=1 24x80'
}

for scenario in ask_yes ask_no ask_end choose choose_none bar; do
	eval "asked_${scenario}_do() { term $scenario; }"
done

atf_init_test_cases()
{
	testcase status "the program's own, 125, 126, 127"
	testcase descriptors "0-2 are passed on"
	testcase options "user, directory, environment, -s, -f"
	testcase signals "are passed on"
	testcase forced "-t without a terminal"
	testcase term_status "status and terminal of its own" python3
	testcase term_restored "raw during, as before after" python3
	testcase term_killed "restored when ioc gets TERM" python3
	testcase term_shell "a shell, typed at" python3
	testcase term_window "sizes, and their changes" python3
	testcase term_pending "no output is lost at the end" python3
	testcase term_interrupt "Ctrl-C goes to the program" python3
	testcase term_no_tty "-T: no terminal enters the jail" python3
	testcase term_no_tty_interrupt "-T: Ctrl-C is passed on" python3
	testcase term_mixed "one of three is no terminal" python3
	testcase term_suspend "TSTP and CONT" python3
	testcase term_hangup "the terminal goes away" python3
	testcase term_big_input "more input than the program takes" python3
	testcase asked_ask_yes "destroy asks: yes" python3
	testcase asked_ask_no "destroy asks: no" python3
	testcase asked_ask_end "destroy asks: nothing" python3
	testcase asked_choose "fetch lets choose" python3
	testcase asked_choose_none "fetch, nothing chosen" python3
	testcase asked_bar "the bar" python3
}
