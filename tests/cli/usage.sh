#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Reading command lines: what is accepted, and the sentence for what is not.
. "$(atf_get_srcdir)/common.sh"

errors_do()
{
	usage 'no command'
	usage 'unknown command "nosuch"' nosuch
	usage 'unknown command "strat"; did you mean start?' strat
	usage 'unknown command "lsit"; did you mean list?' lsit
	usage 'unknown command ""' ''
	usage 'unknown option -Z' -Z list
	usage 'unknown option --nosuch' --nosuch list
	usage 'unknown option --jsn; did you mean --json?' --jsn list
	usage '-c needs a value (FILE)' -c
	usage '--config needs a value (FILE)' --config
	usage '--json takes no value' --json=yes list
	usage '-d: "loud" is none of critical, error, warn, warning, info, notice, verbose, debug, spam' -d loud list
	usage '--events: "xml" is none of json' --events xml list
	usage 'list: unknown option -x' list -x
	usage 'list: unknown option -x' list -Hx
	usage 'list: -o needs a value (COLUMN,...)' list -o
	usage 'list: -f: "xml" is none of table, csv, list, json' list -f xml
	usage 'list: -o: no column "nosuch"' list -o name,nosuch
	usage 'list: -o: no column ""' list -o name,
	usage 'list: -s: no column "boot" is shown' list -s boot
	usage 'list: -r, -t, -p, -d and -R exclude each other' list -r -d
	usage 'list: -r takes no FILTER' list -r web
	usage 'start: FILTER or --rc is missing' start
	usage 'stop: FILTER or --rc is missing' stop -f
	usage 'start: -P: "0" is not a number from 1 to 64' start -P 0 web
	usage 'start: -P: "2x" is not a number from 1 to 64' start -P2x web
	usage 'start: -P: "-1" is not a number from 1 to 64' start -P -1 web
	usage 'start: -P: "99999999999999999999" is not a number from 1 to 64' \
	    start -P 99999999999999999999 web
	usage 'start: -o: "boot" is not KEY=VALUE' start -o boot web
	usage 'start: -o: "=yes" is not KEY=VALUE' start -o =yes web
	usage 'stop: unknown option --forse; did you mean --force?' \
	    stop --forse web
	usage 'rename: JAIL is missing' rename
	usage 'rename: NAME is missing' rename web
	usage 'rename: unexpected operand "c"' rename a b c
	usage 'create: NAME is missing' create
	usage 'create: -C: "many" is not a number from 1 to 9999' \
	    create -C many web
	usage 'create: -e and -r exclude each other' create -e -r bookworm x
	usage 'create: "boot" is not KEY=VALUE' create -r bookworm x boot
	usage 'exec: JAIL is missing' exec
	usage 'exec: COMMAND is missing' exec web
	usage 'exec: COMMAND is missing' exec web --
	usage 'exec: -o goes with -f' exec -o a=b web true
	usage 'exec: -e: "x" is not KEY=VALUE' exec -e x web true
	usage 'run: COMMAND is missing' run
	usage 'console: JAIL is missing' console
	usage 'get: JAIL|defaults is missing' get
	usage 'get: PROPERTY or JAIL is missing' get web
	usage 'get: -a takes one operand, the JAIL' get -a boot web
	usage 'set: KEY[=VALUE] is missing' set
	usage 'set: FILTER|defaults is missing' set boot=yes
	usage 'set: "=x" is not KEY=VALUE' set =x web
	usage 'destroy: FILTER is missing' destroy -y
	usage 'destroy: -f and -r exclude each other' destroy -r -f bookworm
	usage 'fetch: RELEASE is missing' fetch
	usage 'fetch: --url and --sha256 go together' fetch --url https://x y
	usage 'fetch: --url and --sha256 go together' fetch --sha256 00 y
	usage 'fetch: --url needs one name for the release' \
	    fetch --url https://x --sha256 00
	usage 'fetch: --url and -u exclude each other' \
	    fetch --url https://x --sha256 00 -u https://y z
	usage 'update: RELEASE|FILTER is missing' update
	usage 'activate: POOL or --dir PATH is missing' activate
	usage 'activate: POOL and --dir exclude each other' \
	    activate --dir /x tank
	usage 'activate: --dir and -m exclude each other' \
	    activate --dir /x -m /y
	usage 'deactivate: POOL|PATH is missing' deactivate
	usage 'completion: SHELL is missing' completion
	usage 'completion: "tcsh" is none of bash, zsh, fish' completion tcsh
	usage 'help: no command "nosuch"' help nosuch
	usage 'version: unexpected operand "x"' version x
	# Nothing of that has come as far as the host.
	[ ! -e log ] || ! grep -v '^open' log || atf_fail "something was done"
}

escaped_do()
{
	esc=$(printf '\033[31m')
	usage 'unknown command "\x1b[31m"' "$esc"
	usage 'list: unknown option -\x1b' list "-$esc"
	usage 'list: unknown option --\x1b[31m' list "--$esc"
	usage 'list: -o: no column "\x1b[31m"' list -o "$esc"
	refuses 'start: no jail \x1b[31m' start "$esc"
	prints 'ioc \\x1b[31m activated\n' activate "$esc"
}

accepted_do()
{
	# Options before the command, behind it, behind operands.
	prints 'web\n' -q list -f list -o name web
	prints 'web\n' list web -f list -o name
	prints 'web\n' list web -Ho name
	prints 'web\n' list -Honame web
	prints 'web\n' list --no-header --output=name web
	prints 'web\n' list --no-header --output name -- web
	prints 'ioc 0.1.0\n' --version
	prints 'ioc 0.1.0\n' version
	prints 'ioc 0.1.0\n' list --version
	# After "--" nothing is an option.
	refuses 'start: no jail -f' start -- -f
	# A lone "-" is an operand.
	gives 0 create -r bookworm -
	called 'create made-up-1 release=bookworm empty=0 thick=0 source=-'
	# The common options, also after the command.
	gives 0 -c /etc/x.conf list
	called 'open config=/etc/x.conf dry_run=0 no_recover=0 source=-'
	gives 0 list --config=/etc/y.conf --source fast -n
	called 'open config=/etc/y.conf dry_run=1 no_recover=0 source=fast'
	IOC_CONFIG=/etc/z.conf gives 0 list
	called 'open config=/etc/z.conf dry_run=0 no_recover=0 source=-'
	IOC_CONFIG=/etc/z.conf gives 0 -c /etc/o.conf list
	called 'open config=/etc/o.conf dry_run=0 no_recover=0 source=-'
	# -d is the command's own behind it.
	gives 0 -d debug exec -d /tmp web true
	called 'exec web argv0=true user=- dir=/tmp tty=0 0x0'
	prints "ioc${tab}dir${tab}/var/lib/ioc\n" -d error list -d -H
}

operands_of_programs_do()
{
	# Options of ioc end at the command.
	prints '%%s -n -j --json -- x\n' exec web echo %s -n -j --json -- x
	prints 'a -n\n' exec web -- echo a -n
	prints 'a\n' exec -u root web echo a
	called 'exec web argv0=echo user=root dir=- tty=0 0x0'
	prints 'a\n' exec web -u www -- echo a
	called 'exec web argv0=echo user=www dir=- tty=0 0x0'
	prints '-q\n' run -r bookworm echo -q
	prints '-q\n' run -- echo -q
}

help_do()
{
	gives 0 help
	# shellcheck disable=SC2013 # one word a line
	for command in $(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
	do
		echo "$command" >>commands
	done
	[ "$(wc -l <commands)" -eq 30 ] || atf_fail "$(cat commands)"
	while read -r command; do
		gives 0 help "$command"
		head -n 1 out | grep -q "^usage: ioc $command" ||
		    atf_fail "no usage: $command"
		[ ! -s err ] || atf_fail "stderr: $command"
		awk 'length > 79 { exit 1 }' out ||
		    atf_fail "long lines: $command"
		cp out help
		gives 0 "$command" --help
		cmp -s out help || atf_fail "--help differs: $command"
		gives 0 -h "$command"
		cmp -s out help || atf_fail "-h differs: $command"
		IOC_FAKE_UID=65534 gives 0 "$command" -h
	done <commands
	gives 0 --help
	# Help opens no host.
	[ ! -e log ] || atf_fail "$(cat log)"
}

not_root_do()
{
	IOC_FAKE_UID=65534
	export IOC_FAKE_UID
	for command in 'activate --dir /x' 'deactivate /x' 'fetch bookworm' \
	    'update bookworm' 'create -r bookworm x' 'start db' 'stop web' \
	    'restart web' 'set boot=yes web' 'rename db x' 'destroy -y db' \
	    'clone db x' 'promote db' \
	    recover; do
		# shellcheck disable=SC2086
		refuses "${command%% *} needs root" $command
		[ ! -s out ] || atf_fail "prints: $command"
		[ ! -e log ] || atf_fail "the host was opened: $command"
	done
	for command in 'exec web true' 'console web' 'run true'; do
		# shellcheck disable=SC2086
		gives 125 $command
		[ "$(cat err)" = "ioc: ${command%% *} needs root" ] ||
		    atf_fail "$(cat err)"
	done
	for command in list 'list -r' 'list -d' 'list -R' 'get boot web' \
	    'get -a web' properties doctor help version 'completion bash'; do
		# shellcheck disable=SC2086
		gives 0 $command
	done
	# Only root can mend what others have left.
	called 'open config=- dry_run=0 no_recover=1 source=-'
}

closed_descriptors_do()
{
	for close in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		sh -c "\"$ioc\" list $close" >/dev/null 2>&1 ||
		    atf_fail "status $?: $close"
	done
}

full_output_do()
{
	[ -c /dev/full ] || atf_skip "no /dev/full"
	"$ioc" list >/dev/full 2>err
	[ $? -eq 1 ] || atf_fail "status is not 1"
	atf_check -o inline:'ioc: standard output: No space left on device\n' \
	    cat err
}

atf_init_test_cases()
{
	testcase errors "a precise sentence and the usage line, status 2"
	testcase escaped "escape sequences in arguments do not come out"
	testcase accepted "options before and behind, grouped, long and short"
	testcase operands_of_programs "options end at the program"
	testcase help "help of every command"
	testcase not_root "what needs root says so first"
	testcase closed_descriptors "descriptors 0-2 are closed"
	testcase full_output "a failure to write is one"
}
