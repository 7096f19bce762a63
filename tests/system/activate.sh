#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Sources: activate and deactivate.
. "$(atf_get_srcdir)/common.sh"

layout_do()
{
	begin
	for d in releases jails; do
		[ -d "$src/$d" ] || atf_fail "no $d in the layout"
	done
	atf_check -o match:"ioc_dir_$source=\"$src\"" cat "$conf"
	says "$src" list -d -H
	ok list
}

again_do()
{
	begin
	cp "$conf" conf.before
	ok activate --dir "$src" --name "$source"
	atf_check cmp conf.before "$conf"
}

keeps_lines_do()
{
	begin
	printf '# a comment\nother="x"\n' >>"$conf"
	mkdir "$dir/two"
	ok activate --dir "$dir/two" --name two
	atf_check -o match:'^# a comment$' -o match:'^other="x"$' \
	    -o match:'^ioc_run_dir=' -o match:"^ioc_dir_two=\"$dir/two\"$" \
	    cat "$conf"
	says "$dir/two" list -d -H
}

deactivate_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok deactivate "$src"
	atf_check -s exit:1 grep -q ioc_dir_ "$conf"
	[ -d "$src/jails/web" ] || atf_fail "deactivate has deleted something"
	ok activate --dir "$src" --name "$source"
	state web stopped
}

foreign_do()
{
	begin
	mkdir "$dir/mine"
	echo precious >"$dir/mine/file"
	refuses 1 "$dir/mine" activate --dir "$dir/mine" --name mine
	atf_check -o inline:'precious\n' cat "$dir/mine/file"
	refuses '1 2' 'relative/path' activate --dir relative/path --name rel
	refuses '1 2' 'bad/name' activate --dir "$dir/bad" --name bad/name
	refuses 1 "$source" activate --dir "$dir/other" --name "$source"
}

atf_init_test_cases()
{
	testcase layout "makes the layout and writes ioc.conf"
	testcase again "doing it again changes nothing"
	testcase keeps_lines "other lines of ioc.conf stay as they are"
	testcase deactivate "forgets the source and deletes nothing"
	testcase foreign "refuses directories and names that are not ours"
}
