#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Properties, filters, and the forms in which list tells.
. "$(atf_get_srcdir)/common.sh"

get_set_do()
{
	needs jq
	begin
	with tiny
	ok create -r tiny web
	prints no get boot web
	ok set boot=on priority=7 web
	prints yes get boot web
	prints 7 get priority web
	ok set boot web
	prints no get boot web
	says '^boot' get -a web
	says '^priority.*7' get -a web
	atf_check -o save:all.json -e ignore "$program" -c "$conf" -j get -a web
	atf_check -o ignore jq -e '.schema == 1' all.json
}

whole_or_nothing_do()
{
	begin
	with tiny
	ok create -r tiny web
	refuses '1 2' priority set boot=yes priority=soon web
	refuses '1 2' nosuch set boot=yes nosuch=1 web
	prints no get boot web
}

defaults_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok set priority=3 defaults
	prints 3 get priority web
	prints 3 get priority defaults
	ok set priority=4 web
	prints 4 get priority web
	ok set priority defaults
	ok set priority web
	prints 0 get priority web
}

unknown_keys_do()
{
	needs jq
	begin
	with tiny
	ok create -r tiny web
	config=$src/jails/web/config.json
	jq '. + { "foreign_key": "kept" }' "$config" >new
	cat new >"$config"
	ok set priority=5 web
	atf_check -o inline:'"kept"\n' jq .foreign_key "$config"
	prints 5 get priority web
}

filters_do()
{
	begin
	with tiny
	for name in web-1 web-2 db; do
		ok create -r tiny "$name"
	done
	ok set tags=a,b web-1
	ok set boot=yes db
	atf_check -o inline:'web-1\nweb-2\n' \
	    "$program" -c "$conf" list -H -o name 'web*'
	prints db list -H -o name boot=yes
	prints web-1 list -H -o name tags=b
	prints web-2 list -H -o name 'web+' tags=
	atf_check -o inline:'db\nweb-1\n' \
	    "$program" -c "$conf" list -H -o name db,web-1
	atf_check "$program" -c "$conf" list -H -o name 'x*'
	ok start db
	prints db list -H -o name state=running
	# A dot stands for itself.
	atf_check "$program" -c "$conf" list -H -o name 'web.*'
}

formats_do()
{
	needs jq
	begin
	with tiny
	ok create -r tiny web
	ok create -r tiny db
	tab=$(printf '\t')
	atf_check -o inline:"db${tab}stopped\nweb${tab}stopped\n" \
	    "$program" -c "$conf" list -H -o name,state
	says '^NAME' list -o name,state
	atf_check -o save:csv -e ignore \
	    "$program" -c "$conf" list -f csv -o name,state
	atf_check -o match:'^db[;,]stopped$' -o match:'^web[;,]stopped$' cat csv
	atf_check -o match:"^web${tab}stopped$" -e ignore \
	    "$program" -c "$conf" list -f list -o name,state
	for how in "-j list" "list -f json"; do
		# shellcheck disable=SC2086
		atf_check -o save:json -e ignore "$program" -c "$conf" $how
		atf_check -o ignore jq -e '.schema == 1' json
		atf_check -o inline:'"db"\n"web"\n' \
		    jq '.. | .name? // empty' json
		atf_check -o inline:'"stopped"\n"stopped"\n' \
		    jq '.. | .state? // empty' json
	done
	atf_check -o save:json -e ignore "$program" -c "$conf" -j properties
	atf_check -o ignore jq -e '.schema == 1' json
	atf_check -o ignore jq -e \
	    '[.. | .name? // empty] | index("host_hostname") != null' json
}

any_user_do()
{
	begin
	# A configuration may be named from where one is.
	(cd "$dir" && "$program" -c ioc.conf -q list -H) >said 2>&1 ||
	    atf_fail "a relative -c: $(cat said)"
	open_program
	for command in help version "help create" "completion bash" \
	    "completion zsh" "completion fish"; do
		# shellcheck disable=SC2086
		os_nobody "$public" $command >said 2>&1 </dev/null ||
		    atf_fail "ioc $command: $(cat said)"
		[ -s said ] || atf_fail "ioc $command says nothing"
	done
}

events_do()
{
	needs jq
	begin
	with tiny
	atf_check -o ignore -e save:events "$program" -c "$conf" \
	    --events json create -r tiny web
	atf_check -o ignore jq -e . events
	atf_check -o match:jail.create jq -r '.what // .event // .name' events
	atf_check -o ignore -e empty "$program" -c "$conf" -q start web
}

atf_init_test_cases()
{
	testcase get_set "set, get, and back to the default"
	testcase whole_or_nothing "one bad value, and nothing is written"
	testcase defaults "the user's defaults"
	testcase unknown_keys "keys of others stay in the file"
	testcase filters "names, wildcards and properties"
	testcase formats "tables, lists, csv and JSON"
	testcase any_user "what needs no right"
	testcase events "events as lines of JSON"
}
