#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Programs in jails: exit statuses, what they get, and what they do not get.
. "$(atf_get_srcdir)/common.sh"

# running: a jail of the tiny release that runs.
running()
{
	begin
	with tiny
	ok create -r tiny web
	ok start web
}

status_do()
{
	running
	gives 0 exec web -- true
	gives 1 exec web -- false
	gives 42 exec web -- sh -c 'exit 42'
	gives 125 exec web -- sh -c 'exit 125'
	gives 127 exec web -- no-such-command
	gives 127 exec web -- /no/such/command
	gives 126 exec web -- /etc/passwd
	gives 137 exec web -- sh -c 'kill -9 $$'
	gives 143 exec web -- sh -c 'kill -15 $$'
	gives 125 exec no-such-jail -- true
	ok stop web
	gives 125 exec web -- true
	gives 2 exec --no-such-option web -- true
	gives 2 exec
}

streams_do()
{
	running
	atf_check -o inline:'out\n' -e inline:'err\n' "$program" -c "$conf" \
	    exec web -- sh -c 'echo out; echo err >&2'
	atf_check -o inline:'through\n' sh -c \
	    "echo through | '$program' -c '$conf' exec web -- cat"
	# More than any pipe holds, both ways.
	head -c 5000000 /dev/urandom >data
	atf_check -o file:data -x \
	    "'$program' -c '$conf' exec web -- cat <data"
}

# 57: a gigabyte passes through, or is thrown away; nothing of it is kept.
output_do()
{
	running
	case $(uname -s) in
	Linux) bytes=1073741824 ;;
	*) bytes=67108864 ;;
	esac
	# What the program itself may have is a small part of that.
	n=$( (ulimit -v 65536; "$program" -c "$conf" exec web -- \
	    head -c $bytes /dev/zero) | wc -c)
	[ "$n" -eq $bytes ] || atf_fail "$n bytes of $bytes"
	n=$( (ulimit -v 65536; "$program" -c "$conf" exec web -- \
	    sh -c "head -c $bytes /dev/zero >&2") 2>&1 >/dev/null | wc -c)
	[ "$n" -eq $bytes ] || atf_fail "$n bytes of $bytes on stderr"
	ok stop web
	ok set "exec_start=head -c $bytes /dev/zero" web
	(ulimit -v 65536; "$program" -c "$conf" -q start web) >out 2>err ||
	    atf_fail "start: $(head -c 1000 err)"
	[ "$(cat out err | wc -c)" -lt 1000000 ] || atf_fail "it is shown"
	ok stop web
	# Closed descriptors, and none of it ends.
	ok set 'exec_start=sh -c "exec >&- 2>&- <&-; sleep 1000"' \
	    exec_timeout=2 web
	timeout 60 "$program" -c "$conf" -q start web >out 2>err
	[ $? -eq 1 ] || atf_fail "it started: $(cat err)"
	atf_check -o match:'exec_start|exec' cat err
	state web stopped
	no_leaks
}

arguments_do()
{
	running
	atf_check -o inline:'a b\n$(id)\n`id`\n;\n*\n-x\n\n' \
	    "$program" -c "$conf" exec web -- \
	    printf '%s\n' 'a b' '$(id)' '`id`' ';' '*' -x ''
	prints -n exec web -- printf '%s\n' -n
}

environment_do()
{
	running
	IOC_SECRET=hunter2 LD_PRELOAD='' \
	    atf_check -o save:env "$program" -c "$conf" exec web -- env
	atf_check -s exit:1 grep -E 'SECRET|hunter2|IOC_|LD_|KYUA|__' env
	atf_check -o match:'^PATH=' -o match:'^HOME=/root$' cat env
	prints 'a b=c' exec -e K='a b=c' web -- sh -c 'echo "$K"'
	refuses 2 . exec -e '=x' web -- true
	refuses 2 . exec -e 'no-value' web -- true
}

user_do()
{
	running
	prints 0 exec web -- id -u
	prints 1000 exec -u user web -- id -u
	prints 1000 exec -u user web -- id -g
	prints 1000 exec -u 1000 web -- id -u
	refuses 125 nosuch exec -u nosuch web -- true
	prints / exec web -- pwd
	prints /tmp exec -d /tmp web -- pwd
	refuses 125 /no/such exec -d /no/such web -- true
}

descriptors_do()
{
	running
	exec 7</etc/passwd 8</ 9<"$dir"
	atf_check "$program" -c "$conf" exec web -- sh -c 'for f in 3 4 5 6 7 8 9
	    do (eval ": <&$f") 2>/dev/null && echo "$f"; done; :'
	if [ "$(uname -s)" = Linux ]; then
		# 0 to 2, and the one with which ls reads the directory.
		prints '0\n1\n2\n3' exec web -- ls /proc/self/fd
	fi
	exec 7<&- 8<&- 9<&-
	# 0 to 2 may be closed.
	"$program" -c "$conf" exec web -- true <&- >&- 2>&- ||
	    atf_fail "closed descriptors"
}

console_do()
{
	running
	printf 'tty\nexit 7\n' | os_tty "'$program' -c '$conf' console web" \
	    >said 2>&1
	status=$?
	atf_check -o match:'/dev/pts/[0-9]' cat said
	[ $status -eq 7 ] || atf_fail "status $status instead of 7"
	# exec on a terminal has its own as well, unless told otherwise.
	os_tty "'$program' -c '$conf' exec web -- tty" >said 2>&1 </dev/null ||
	    atf_fail "tty: $(cat said)"
	atf_check -o match:'/dev/pts/' cat said
	prints 'not a tty' exec -T web -- sh -c 'tty || :'
}

session_do()
{
	running
	# A session of its own, and no way to push input into the host's.
	os_tty "'$program' -c '$conf' exec -t web -- sh -c \
	    'ps -o pid,sid,comm 2>/dev/null; cat /proc/self/stat'" >said 2>&1
	atf_check -o ignore grep '[0-9]' said
}

fork_do()
{
	begin
	with tiny
	ok create -r tiny web
	prints once exec -f web -- echo once
	gives 9 exec -f web -- sh -c 'exit 9'
	state web stopped
	no_leaks
}

many_do()
{
	running
	for i in 1 2 3 4 5 6 7 8 9 10; do
		{ "$program" -c "$conf" exec web -- sh -c "echo $i" >out.$i ||
		    echo "failed $i" >>failed; } &
	done
	wait
	[ ! -e failed ] || atf_fail "$(cat failed)"
	atf_check -o inline:'1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n' cat out.1 out.2 \
	    out.3 out.4 out.5 out.6 out.7 out.8 out.9 out.10
	ok stop web
	no_leaks
}

killed_do()
{
	running
	# The program in the jail does not survive the one that asked for it
	# and was told to end.
	"$program" -c "$conf" exec web -- sleep 1000 &
	pid=$!
	sleep 0.5
	kill -TERM $pid
	wait $pid
	status=$?
	[ $status -eq 143 ] || atf_fail "status $status instead of 143"
	sleep 0.3
	if os_pids | grep -q 'sleep 1000'; then
		atf_fail "still there: $(os_pids)"
	fi
}

atf_init_test_cases()
{
	testcase status "every exit status means one thing"
	testcase output "more output than there is memory, and none that ends"
	testcase streams "input, output and errors pass unchanged"
	testcase arguments "arguments reach the program as they are"
	testcase environment "a clean environment, and what -e adds"
	testcase user "users and directories are those of the jail"
	testcase descriptors "no descriptor but 0 to 2"
	testcase console "a login shell on a terminal of its own"
	testcase session "a session of its own"
	testcase fork "start, run, stop"
	testcase many "ten at once"
	testcase killed "TERM reaches the program"
}
