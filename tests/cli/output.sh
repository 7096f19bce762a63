#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Tables, lists, csv and JSON; nothing foreign reaches the terminal raw.
. "$(atf_get_srcdir)/common.sh"

tables_do()
{
	prints 'JID  NAME  STATE    RELEASE   PATCH
  -  bad   broken   -             -
  -  db    stopped  -             2
103  web   running  bookworm      2
' list
	prints 'JID  NAME  STATE    RELEASE   PATCH  SOURCE  BOOT  PRIORITY
  -  bad   broken   -             -  ioc     -            -
  -  db    stopped  -             2  ioc     yes          1
103  web   running  bookworm      2  ioc     no           0
' list -l
	prints "web${tab}running${tab}103\n" list -H -o name,state,jid web
	prints "web${tab}running${tab}103\n" list -f list -o name,state,jid web
	prints 'name;state\nbad;broken\ndb;stopped\nweb;running\n' \
	    list -f csv -o name,state
	prints 'bad;broken\n' list -H -f csv -o name,state bad
	prints 'NAME  FULL_NAME  RUNNING  SOURCE\nweb   ioc/web    yes      ioc\n' \
	    list -o name,full_name,running,source web
	prints 'NAME\n' list -o name 'x*'
	prints '' list -H 'x*'
	prints 'NAME  USED\ndb    1.1M\n' list -o name,used db
	prints "db${tab}1234567\n" list --exact -H -o name,used db
	prints "db${tab}1.1M\n" list -H -o name,used db
	prints 'NAME      PATCH  VERSION  DISTRIBUTION  SOURCE
bookworm      2  12.8     debian        ioc
' list -r
	prints 'NAME  STORE  WHERE\nioc   dir    /var/lib/ioc\n' list -d
	prints 'NAME  HEALTH    SOURCE  DATASET
tank  ONLINE    ioc     tank/iocage
usb   DEGRADED  -       -
' list -p
	prints "bookworm${tab}debian\ntrixie${tab}debian\n14.2-RELEASE${tab}freebsd\n" \
	    list -R --known -H
	prints 'NAME      DISTRIBUTION  EOL         ENDED  NEWER  FETCHED
bookworm  debian        2020-01-31  yes    no     no
trixie    debian        -           no     yes    no
' list -R
	prints "14.2-RELEASE${tab}2020-01-31\n" list -R -H -o name,eol \
	    --distribution freebsd
}

sorted_do()
{
	IOC_FAKE_JAILS='a stopped priority=10;b stopped priority=9;c stopped priority=-1'
	export IOC_FAKE_JAILS
	prints "c${tab}-1\nb${tab}9\na${tab}10\n" \
	    list -H -s priority -o name,priority
	prints "10${tab}a\n9${tab}b\n-1${tab}c\n" \
	    list -H -s name -o priority,name
	gives 0 list -j -s priority -o name,priority
	[ "$(jq -r '[.jails[].name] | join("")' out)" = cba ] || atf_fail "JSON"
}

width_do()
{
	# By the columns that characters take, not by their bytes.
	IOC_FAKE_JAILS="$(printf 'a stopped user.x=gr\303\274n;b stopped user.x=\346\227\245\346\234\254;c stopped user.x=e\314\201;d stopped user.x=abcd')"
	export IOC_FAKE_JAILS
	prints "USER.X  NAME
gr\303\274n    a
\346\227\245\346\234\254    b
e\314\201       c
abcd    d
" list -o user.x,name
}

# Every output of every form, with hostile bytes wherever one can stand.
escaped_do()
{
	evil="$(printf 'e\033]0x\007v\302\233i\342\200\256l\177\377')"
	IOC_FAKE_JAILS="$evil running release=$evil user.x=$evil tags=$evil;db"
	IOC_FAKE_SOURCES="ioc dir /$evil"
	IOC_FAKE_RELEASES="$evil 1 $evil $evil;b 1 c d"
	export IOC_FAKE_JAILS IOC_FAKE_SOURCES IOC_FAKE_RELEASES
	for command in list 'list -l' 'list -H' 'list -f csv' 'list -f list' \
	    'list -j' 'list -o name,release,user.x,tags' \
	    'list -j -o name,release,user.x,tags' 'list -r' 'list -r -l' \
	    'list -r -j' 'list -d' 'list -d -j' \
	    'stop *' 'stop * -j' 'stop * --events json' 'stop -n *' \
	    'stop -n -j *' 'start *' 'destroy -y -f *' 'destroy -y *' \
	    'destroy -y -j *' 'set boot=yes *' 'stop -P 2 *'; do
		set -f
		# shellcheck disable=SC2086
		"$ioc" $command >out 2>err </dev/null
		set +f
		status=$?
		[ $status -le 1 ] || atf_fail "status $status: $command"
		cat out err >both
		[ -s both ] || atf_fail "says nothing: $command"
		LC_ALL=C tr -d '\n\t -~' <both >rest
		[ ! -s rest ] || { od -c rest >&2; atf_fail "raw: $command"; }
	done
	"$ioc" get -a "$evil" >out 2>&1 || atf_fail "get -a: $(cat out)"
	LC_ALL=C tr -d '\n\t -~' <out >rest
	[ ! -s rest ] || atf_fail "raw: get -a"
	# An error of the library has them escaped already: not twice.
	prints 'e\\x1b]0x\\x07v\\xc2\\x9bi\\xe2\\x80\\xael\\x7f\\xff\n' \
	    list -H -o name 'e*'
}

csv_quotes_do()
{
	export IOC_FAKE_JAILS
	IOC_FAKE_JAILS="$(printf 'a stopped user.x=q"q')"
	prints 'name;user.x\na;"q""q"\n' list -f csv -o name,user.x
}

# json NAME ARG...: valid, with the schema, by two readers.
json()
{
	status=$1
	shift
	"$ioc" "$@" >out 2>err </dev/null
	got=$?
	[ "$got" -eq "$status" ] || {
		cat err >&2
		atf_fail "status $got instead of $status: ioc $*"
	}
	n=$((${n:-0} + 1))
	cp out "document.$n"
	[ "$(jq -s 'length == 1 and .[0].schema == 1' out)" = true ] ||
	    atf_fail "not one document with a schema: ioc $*"
	[ "$(tail -c 1 out)" = "" ] || atf_fail "no newline: ioc $*"
}

# The second reader: all of them at once, for it is slow to start.
json_all()
{
	python3 -c 'import json, sys
for name in sys.argv[1:]:
	json.loads(open(name, "rb").read().decode())' document.* ||
	    atf_fail "not JSON"
}

json_do()
{
	while read -r status command; do
		# shellcheck disable=SC2086
		json "$status" -j $command
		[ ! -s err ] || [ "$status" -ne 0 ] ||
		    atf_fail "stderr: $command: $(cat err)"
		case $command in
		*true) ;;
		*) # shellcheck disable=SC2086
			json "$status" $command --json ;;
		esac
	done <<-'END'
	0 list
	0 list -l
	0 list -o name
	0 list x*
	0 list -r
	0 list -d
	0 list -R
	1 verify web
	1 verify bookworm
	0 get boot web
	0 get -a web
	0 get priority defaults
	0 properties
	0 doctor
	0 version
	0 recover
	0 create -r bookworm x
	0 create -r bookworm -C 3 x
	0 start db
	1 start web
	1 start web db
	0 stop web
	0 restart web db
	0 snapshot list db
	0 snapshot create db@a
	0 snapshot rollback db@a
	0 snapshot remove db@a
	0 clone db y
	0 promote db
	0 list -t
	0 list -p
	0 destroy -y db
	0 destroy -y -r bookworm
	0 set boot=yes web
	0 set boot=yes defaults
	0 rename db x
	0 fetch trixie
	0 update bookworm
	0 activate --dir /x
	0 deactivate /x
	0 start -P 2 db
	0 -n start db
	0 -n stop x*,web
	0 -n create -r trixie x
	0 -n restart web
	0 -n exec web true
	0 -n run true
	0 -n destroy db
	0 -n activate --dir /x
	END
	json 0 -j list web
	[ "$(jq -c '.jails' out)" = '[{"jid":103,"name":"web","state":"running","release":"bookworm","patch_level":2,"source":"ioc","boot":false,"priority":0}]' ] ||
	    atf_fail "$(cat out)"
	json 0 -j list -o tags,user.x,memoryuse web
	[ "$(jq -c '.jails' out)" = '[{"tags":["a","b,c"],"user.x":null,"memoryuse":null}]' ] ||
	    atf_fail "$(cat out)"
	json 0 -j list -o tags,jid bad
	[ "$(jq -c '.jails' out)" = '[{"tags":[],"jid":null}]' ] ||
	    atf_fail "$(cat out)"
	json 0 -j list -r
	[ "$(jq -c '.releases[0].provenance.signed' out)" = true ] ||
	    atf_fail "$(cat out)"
	json 0 -j get tags web
	[ "$(jq -c '[.jail, .properties]' out)" = '["web",{"tags":{"value":["a","b,c"],"set":true}}]' ] ||
	    atf_fail "$(cat out)"
	json 1 -j start web db
	[ "$(jq -c '[.jails[] | [.name, .result, .jid, .error.code]]' out)" = '[["db","done",77,null],["web","failed",null,"STATE"]]' ] ||
	    [ "$(jq -c '[.jails[] | [.name, .result, .jid, .error.code]]' out)" = '[["web","failed",null,"STATE"],["db","done",77,null]]' ] ||
	    atf_fail "$(cat out)"
	json_all
}

json_errors_do()
{
	gives 1 -j start nosuch
	[ ! -s out ] || atf_fail "prints"
	[ "$(jq -c . err)" = '{"schema":1,"error":{"code":"NOT_FOUND","message":"start: no jail nosuch","hint":"\"ioc list\" shows the jails."}}' ] ||
	    atf_fail "$(cat err)"
	gives 2 -j start
	[ "$(jq -c . err)" = '{"schema":1,"error":{"code":"USAGE","message":"start: FILTER or --rc is missing"}}' ] ||
	    atf_fail "$(cat err)"
	IOC_FAKE_UID=1 gives 1 -j start web
	[ "$(jq -r .error.code err)" = PERMISSION ] || atf_fail "$(cat err)"
	IOC_FAKE_FAIL='open=FORMAT:0:ioc.conf, line 3: not a key' \
	    gives 1 -j list
	[ "$(jq -r .error.message err)" = 'ioc.conf, line 3: not a key' ] ||
	    atf_fail "$(cat err)"
	# Bytes that are no UTF-8 in an argument.
	gives 1 -j start "$(printf 'a\377\033')"
	atf_check -o ignore python3 -m json.tool err
}

get_do()
{
	prints 'no\n' get boot web
	prints 'yes\n' get boot db
	# For a program exactly the value, for people without control characters.
	prints 'a,b\\,c\n' get tags web
	IOC_FAKE_JAILS="$(printf 'web running user.x=a\033b')" \
	    prints 'a\033b\n' get user.x web
	prints 'boot:no\ndepends:-\nmemoryuse:-\nmount_type:overlay\npriority:0\nrelease:bookworm\ntags:a,b\\\\,c\ntemplate:no\n' \
	    get -a web
	prints '0\n' get priority defaults
	refuses 'no property nosuch' get nosuch web
	refuses 'no jail nosuch' get boot nosuch
	refuses 'no property nosuch' get nosuch defaults
	IOC_FAKE_SOURCES='' refuses 'get: no source is active' get boot defaults
}

properties_do()
{
	gives 0 properties
	atf_check -o match:'^boot  *bool  *no  *admin  *linux,freebsd  *Start' \
	    cat out
	prints 'boot\ndepends\nmemoryuse\nmount_type\npriority\nrelease\ntags\ntemplate\nuser.*\n' \
	    properties -H -o name
	gives 0 properties -j
	[ "$(jq -c '.properties[] | select(.name == "priority") | [.type, .default, .min, .max, .systems]' out)" = '["int","0",-99,99,["linux","freebsd"]]' ] ||
	    atf_fail "$(cat out)"
	[ "$(jq -c '.properties[] | select(.name == "mount_type") | [.choices, .min]' out)" = '[["overlay","copy"],null]' ] ||
	    atf_fail "$(cat out)"
}

many_do()
{
	IOC_FAKE_JAILS='' IOC_FAKE_COUNT=1000
	export IOC_FAKE_JAILS IOC_FAKE_COUNT
	gives 0 list -H
	[ "$(wc -l <out)" -eq 1000 ] || atf_fail "$(wc -l <out) lines"
	gives 0 list -j
	[ "$(jq '.jails | length' out)" -eq 1000 ] || atf_fail "JSON"
}

unreadable_do()
{
	# What cannot be read leaves a "-"; another failure is one.
	IOC_FAKE_FAIL='get:web=PERMISSION:13:config.json: Permission denied' \
	    prints "web${tab}running${tab}-\n" list -H -o name,state,release web
	IOC_FAKE_FAIL='get:web=NOMEM:12:out of memory' \
	    refuses 'out of memory' list
	IOC_FAKE_FAIL='state:web=PERMISSION:13:denied' \
	    prints "web${tab}-${tab}-${tab}-\n" \
	    list -H -o name,state,jid,running web
}

atf_init_test_cases()
{
	testcase tables "columns, formats, header"
	testcase sorted "-s: numbers as numbers" jq
	testcase width "columns are aligned by what a terminal shows"
	testcase escaped "hostile bytes anywhere come out escaped"
	testcase csv_quotes "quotes in csv"
	testcase json "every document is valid and has the schema" "jq python3"
	testcase json_errors "errors as JSON on stderr" "jq python3"
	testcase get "values alone, all, of defaults"
	testcase properties "the table of properties" jq
	testcase many "a thousand jails" jq
	testcase unreadable "jails that cannot be read"
}
