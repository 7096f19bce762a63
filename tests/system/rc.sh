#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails that start and stop with the host, by hand and by what packaging/ has.
. "$(atf_get_srcdir)/common.sh"

# Jails of every kind: with and without boot, priority and depends.
jails()
{
	begin
	with tiny
	ok create -r tiny last boot=yes priority=5
	ok create -r tiny web boot=yes priority=-5 depends=db
	ok create -r tiny db priority=9
	ok create -r tiny first boot=yes priority=1
	ok create -r tiny never
}

# began: the jails that run, in the order of their starts.
began()
{
	sed -n 's/^\([a-z]*\): jail.start\/create$/\1/p' "$1" | tr '\n' ' '
}

ended()
{
	sed -n 's/^\([a-z]*\): jail.stop\/exec$/\1/p' "$1" | tr '\n' ' '
}

states()
{
	atf_check -o inline:"$1" sh -c \
	    "'$program' -c '$conf' list -H -o state | tr '\n' ' '"
}

order_do()
{
	jails
	# db comes with web, which has the smallest priority but must wait.
	ioc start --rc >out 2>err || { cat err; atf_fail "start --rc"; }
	[ "$(began err)" = 'db web first last ' ] || atf_fail "$(cat err)"
	states 'running running running stopped running '
	# What runs is left alone.
	atf_check "$program" -c "$conf" -q start --rc
	ok stop first
	atf_check -o inline:'first started\n' "$program" -c "$conf" -q start --rc
	ok start never
	atf_check -o inline:'last stopped\nfirst stopped\nnever stopped\nweb stopped\ndb stopped\n' \
	    "$program" -c "$conf" -q stop --rc
	states 'stopped stopped stopped stopped stopped '
	atf_check "$program" -c "$conf" -q stop --rc
	ok start first
	atf_check -o inline:'db started\nweb restarted\nfirst restarted\nlast restarted\n' \
	    "$program" -c "$conf" -q restart --rc
	ok stop --rc
	no_leaks
}

parallel_do()
{
	jails
	atf_check -o save:out "$program" -c "$conf" -q start --rc -P 4
	atf_check -o inline:'db started\nfirst started\nlast started\nweb started\n' \
	    sort out
	states 'running running running stopped running '
	atf_check -o ignore "$program" -c "$conf" -q stop --rc -P 4
	states 'stopped stopped stopped stopped stopped '
	no_leaks
}

# One jail that cannot start is told, and keeps only its dependents from it.
failures_do()
{
	jails
	ok set depends=nowhere first
	ok set depends=web db
	atf_check -s exit:1 -o inline:'last started\n' -e save:err \
	    "$program" -c "$conf" -q start --rc
	grep -q '^ioc: jail first: depends: no jail .*nowhere$' err ||
	    atf_fail "$(cat err)"
	grep -q '^ioc: jail web depends on itself: db depends on web, web on db$' \
	    err || atf_fail "$(cat err)"
	ok set depends=- first
	ok set depends=- exec_start=/bin/false db
	atf_check -s exit:1 -o inline:'first started\n' -e save:err \
	    "$program" -c "$conf" -q start --rc
	grep -q '^ioc: start web: db, on which it depends, has failed$' err ||
	    atf_fail "$(cat err)"
	# A damaged configuration keeps nobody from stopping.
	ok create -r tiny broken
	cp "$src/jails/broken/config.json" whole
	echo '{' >"$src/jails/broken/config.json"
	atf_check -o inline:'last stopped\nfirst stopped\n' -e ignore \
	    "$program" -c "$conf" -q stop --rc
	cat whole >"$src/jails/broken/config.json"
	state broken stopped
	no_leaks
}

nothing_do()
{
	begin
	for command in start stop restart; do
		atf_check "$program" -c "$conf" $command --rc
	done
}

# The script of rc(8), the lines of systemd: what they say is what is run.
service_do()
{
	jails
	case $(uname -s) in
	FreeBSD)
		service_freebsd
		return
		;;
	esac
	unit=$tree/packaging/linux/ioc.service.in
	atf_check -o inline:'db started\nweb started\nfirst started\nlast started\n' \
	    env IOC_CONFIG="$conf" sh -c "$(line ExecStart)"
	atf_check -o inline:'last stopped\nfirst stopped\nweb stopped\ndb stopped\n' \
	    env IOC_CONFIG="$conf" sh -c "$(line ExecStop)"
	no_leaks
}

line()
{
	sed -n "s,^$1=@bindir@/ioc,$program,p" "$unit"
}

service_freebsd()
{
	mkdir -p "$dir/local/bin" "$dir/local/etc/rc.d"
	ln -s "$program" "$dir/local/bin/ioc"
	rc=$dir/local/etc/rc.d/ioc
	sed "s,%%PREFIX%%,$dir/local,g" \
	    "$tree/packaging/freebsd/files/ioc.in" >"$rc"
	chmod +x "$rc"
	ioc_conf=$conf
	ioc_logfile=$dir/ioc.log
	export ioc_conf ioc_logfile
	# Where it is not enabled nothing starts with the host.
	atf_check -o ignore -e ignore "$rc" start
	states 'stopped stopped stopped stopped stopped '
	atf_check -o inline:'db started\nweb started\nfirst started\nlast started\n' \
	    "$rc" onestart
	atf_check -o match:'web.*running' "$rc" onestatus
	atf_check -o match:'web restarted' "$rc" onerestart
	atf_check -o inline:'last stopped\nfirst stopped\nweb stopped\ndb stopped\n' \
	    "$rc" onestop
	states 'stopped stopped stopped stopped stopped '
	atf_check -o match:'^ioc_enable="?NO' -e ignore "$rc" rcvar
	# All of it stands in the log, which newsyslog(8) would turn over.
	sed 's/^[0-9: -]* //' "$ioc_logfile" >log
	atf_check -o match:'^start$' -o match:'^web started$' \
	    -o match:'^last stopped$' cat log
	atf_check -o match:'ioc.log' newsyslog -nvf \
	    "$tree/packaging/freebsd/newsyslog.conf"
	# The status is that of ioc.
	ok set exec_start=/bin/false web
	atf_check -s exit:1 -o match:'web' -e ignore "$rc" onestart
	ok stop --rc
	no_leaks
}

atf_init_test_cases()
{
	testcase order "by priority, dependencies first, stopped backwards"
	testcase parallel "several at once"
	testcase failures "missing, circular, failing, damaged"
	testcase nothing "no jail is no failure"
	testcase service "what packages run"
}
