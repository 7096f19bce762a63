#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Hostile paths through path-cmd, in both resolvers, one table for both.

path_cmd=${IOC_BUILD:-$(atf_get_srcdir)/../../build}/tests/attack/path-cmd

# The words for the exit statuses of path-cmd.
ok=0 failed=1 unsafe=10 missing=11 exists=12 invalid=13

# world: w/root in w, with a neighbour whose name begins alike, things that
# nobody may reach, and every link that a jail may have made.
world()
{
	[ -x "$path_cmd" ] || atf_skip "not built: $path_cmd"
	mkdir -p w/root/dir/sub/deep w/root/b/c w/root2 w/out
	echo precious >w/precious
	echo precious >w/out/f
	echo precious >w/root2/f
	echo file >w/root/file
	echo inside >w/root/dir/f
	chmod 644 w/precious w/out/f
	cd w/root || atf_fail "no root"
	ln -s dir in
	ln -s dir/ inslash
	ln -s ./dir/../dir/./sub in2
	ln -s ../../in/sub dir/sub/in3
	ln -s "$PWD/dir" abs
	ln -s / slash
	ln -s .. up
	ln -s ../precious outfile
	ln -s ../out outdir
	ln -s "$PWD/../out" absout
	ln -s ../root/dir outin
	ln -s ../root2 sibling
	ln -s dir/../.. out2
	ln -s dir/sub/../../../out out3
	ln -s self self
	ln -s loopb loopa
	ln -s loopa loopb
	ln -s nowhere dangling
	ln -s ../new danglingout
	ln -s file tofile
	ln -s file/ tofileslash
	ln -s ../.. dir/sub/top
	ln -s ../../.. dir/sub/over
	ln -s /proc/self/root magic
	ln -s /dev/fd/0 fd
	ln -s c0 c1
	ln -s dir c0
	i=2
	while [ $i -le 45 ]; do
		ln -s c$((i - 1)) c$i
		i=$((i + 1))
	done
	mkfifo fifo
	cd ../..
}

# Everything outside of the root, as text.
outside()
{
	(cd w && find . -path ./root -prune -o -print | sort && cat precious \
	    out/f root2/f && ls -l precious out/f root2/f)
}

# try STATUS OPERATION ARG...: the exit status, on a new world, in both.
try()
{
	want=$1
	shift
	for how in "" --walk; do
		rm -rf w
		[ -d made ] || { world; mv w made; }
		cp -a made w
		outside >before
		# A fifo must not hold it up.
		# shellcheck disable=SC2086
		timeout 10 "$path_cmd" $how w/root "$@" >said 2>why </dev/null
		got=$?
		[ $got -eq "$want" ] ||
		    atf_fail "${how:-kernel} $*: $got instead of $want: $(cat why)"
		[ "$want" -eq 0 ] || [ "$(wc -l <why)" -eq 1 ] ||
		    atf_fail "$how $*: $(cat why)"
		# Not the number of an inode of this copy, nor its time.
		sed 's/^\([a-z]*\) [0-9]*/\1/; s/ [0-9]*$//' said \
		    >"said.${how:-kernel}"
		outside >after
		cmp -s before after || atf_fail "$how $*: $(diff before after)"
	done
	cmp -s said.kernel said.--walk ||
	    atf_fail "$*: $(cat said.kernel), walk: $(cat said.--walk)"
	cases=$((cases + 1))
}

long=$(printf '%0256d' 0)
deep=dir/../dir/../dir/../dir/../dir/../dir/../dir/../dir/../dir/../dir/..

atf_test_case table
table_head()
{
	atf_set descr "one table of hostile paths, the same from both resolvers"
}
table_body()
{
	cases=0
	while read -r status words; do
		case $status in
		''|'#') continue ;;
		esac
		eval "try \"\$$status\" $words"
	done <<'END'
# what is inside is reached, by any way that stays inside
ok	resolve dir
ok	resolve /dir/
ok	resolve in/f
ok	resolve inslash/f
ok	resolve in2/deep
ok	resolve in/sub/in3/deep
ok	resolve dir/sub/top/file
ok	resolve dir/../file
ok	resolve $deep/file
ok	resolve .
ok	resolve /
ok	resolve c39/f
ok	resolve outfile
ok	resolve dangling
ok	resolve fifo
ok	read dir/f
# and what is outside is not
unsafe	resolve ..
unsafe	resolve ../precious
unsafe	resolve /../precious
unsafe	resolve dir/../../precious
unsafe	resolve up/precious
ok	resolve up
unsafe	resolve up/
unsafe	resolve outdir/f
unsafe	resolve absout/f
unsafe	resolve slash/etc/passwd
unsafe	resolve abs/f
unsafe	resolve outin/f
unsafe	resolve sibling/f
unsafe	resolve out2/precious
unsafe	resolve out3/f
unsafe	resolve dir/sub/over/precious
unsafe	resolve dir/sub/top/../precious
unsafe	resolve magic/etc
unsafe	resolve self/x
unsafe	resolve loopa/x
unsafe	resolve c45/f
unsafe	read outfile
unsafe	read outdir/f
unsafe	read up/precious
unsafe	read in
unsafe	read fd
unsafe	read fifo
unsafe	stat outdir/f
unsafe	stat up/
ok	stat up
ok	readlink outdir
invalid	readlink dir
unsafe	readlink sibling/f
missing	resolve nothing
missing	resolve dangling/x
invalid	resolve ''
invalid	resolve $long
invalid	resolve dir/$long/f
failed	resolve file/x
failed	resolve file/
failed	resolve file/..
failed	resolve tofile/x
# create, replace
ok	create new text
ok	create in/new text
exists	create file text
exists	create outfile text
exists	create dangling text
exists	create danglingout text
exists	create dir
unsafe	create outdir/new text
unsafe	create sibling/new text
unsafe	create up/new text
unsafe	create ../new text
unsafe	create dir/sub/over/new text
invalid	create new/ text
invalid	create dir/.. text
missing	create nothing/new text
ok	replace file text
ok	replace in/f text
unsafe	replace outfile text
unsafe	replace danglingout text
unsafe	replace outdir/f text
unsafe	replace dir text
unsafe	replace fifo text
unsafe	replace ../precious text
# directories
ok	mkdir in/new
exists	mkdir danglingout
unsafe	mkdir up/new
unsafe	mkdir outdir/new
ok	mkdirs in/x/y/z
ok	mkdirs dir
unsafe	mkdirs outdir
unsafe	mkdirs outdir/x/y
unsafe	mkdirs danglingout/x
unsafe	mkdirs new/../../x
unsafe	mkdirs up
# names of two places
ok	symlink ../../precious in/l
unsafe	symlink x outdir/l
exists	symlink x outfile
ok	link file in/hard
ok	link outfile hard
unsafe	link outdir/f hard
unsafe	link ../precious hard
unsafe	link file outdir/hard
unsafe	link file up/hard
exists	link file outfile
ok	rename file in/moved
ok	rename file outfile
ok	rename dir moved
unsafe	rename file outdir/moved
unsafe	rename outdir/f moved
unsafe	rename up/precious moved
unsafe	rename file ../moved
failed	rename file moved/
ok	remove file
ok	remove outfile
ok	remove outdir
ok	remove b/c
exists	remove dir
unsafe	remove outdir/f
unsafe	remove sibling/f
unsafe	remove up/precious
unsafe	remove ../root2
invalid	remove .
invalid	remove dir/..
ok	chmod 600 file
unsafe	chmod 600 outfile
unsafe	chmod 600 outdir/f
unsafe	chmod 600 up/precious
END
	echo "$cases cases"
	[ "$cases" -ge 110 ] || atf_fail "only $cases cases were read"
}

atf_test_case exchange
exchange_head()
{
	atf_set descr "two names change their places, only beneath"
}
exchange_body()
{
	world
	"$path_cmd" w/root exchange file dir/f 2>why
	[ $? -ne 17 ] || atf_skip "$(cat why)"
	atf_check -o inline:'inside\n' cat w/root/file
	for how in "" --walk; do
		for pair in "file outdir/f" "outdir/f file" "../precious file" \
		    "file up/precious" "sibling/f outdir/f"; do
			# shellcheck disable=SC2086
			atf_check -s exit:10 -e match:UNSAFE \
			    "$path_cmd" $how w/root exchange $pair
		done
		# There and back.
		for names in "outdir in/f" "in/f outdir"; do
			# shellcheck disable=SC2086
			atf_check "$path_cmd" $how w/root exchange $names
		done
	done
	atf_check -o inline:'precious\n' cat w/out/f
}

atf_test_case root
root_head()
{
	atf_set descr "the root itself, links with flags, wrong usage"
}
root_body()
{
	world
	ln -s root w/link
	atf_check -s exit:10 -e match:'is a link' "$path_cmd" w/link stat file
	atf_check -s exit:10 -e match:'is a link' "$path_cmd" w/link/ stat file
	atf_check -s exit:10 -e ignore "$path_cmd" --no-links w/root read in/f
	atf_check -s exit:10 -e ignore \
	    "$path_cmd" --no-links --walk w/root read in/f
	atf_check -o match:'^usage' -o match:'10  UNSAFE' "$path_cmd" --help
	for line in "" "w/root" "w/root resolve" "w/root eat file" \
	    "w/root remove a b" "--strange w/root stat file"; do
		# shellcheck disable=SC2086
		atf_check -s exit:2 -e match:'^usage' "$path_cmd" $line
	done
}

atf_init_test_cases()
{
	atf_add_test_case table
	atf_add_test_case exchange
	atf_add_test_case root
}
