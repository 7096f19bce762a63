#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Bad input: one sentence, the right status, and nothing changed.
. "$(atf_get_srcdir)/common.sh"

usage_do()
{
	begin
	refuses 2 nosuch nosuch
	refuses 2 nosuch list --nosuch
	refuses 2 'nosuch' --nosuch list
	refuses 2 . -Z list
	refuses 2 . create
	refuses 2 . start
	refuses 2 . rename one
	refuses 2 . rename one two three
	refuses 2 . list -f nosuch
	refuses 2 . list -o
	refuses 2 . get
	refuses 2 . set
	refuses 2 . completion tcsh
	refuses 2 . create -C many web
	"$program" >stdout 2>stderr </dev/null
	[ $? -eq 2 ] || atf_fail "without a command: not 2"
	[ ! -s stdout ] || atf_fail "without a command: prints on stdout"
}

names_do()
{
	begin
	with tiny
	long=$(printf '%0300d' 0)
	newline=$(printf 'a\nb')
	nothing_between=yes
	# shellcheck disable=SC2088
	for name in ../x x/../y . .. 'a b' "$long" "$newline" 'a;b' 'a$(id)' \
	    'a`id`' 'a"b' "a'b" '@x' '%x' "$(printf 'a\033[31m')" \
	    "$(printf 'a\377')" '' '~/x' 'a..b' 'a|b' 'a\b'; do
		refuses '1 2' . create -r tiny -- "$name"
	done
	refuses 2 . create -r tiny -x
	refuses '1 2' . create -r tiny -- -x
	ok create -r tiny good
	nothing_between=
	for name in ../x 'a b' "$long" "$newline" @x; do
		refuses '1 2' . rename good "$name"
		refuses '1 2' . create -r "$name" web
		refuses '1 2' . set "$name=1" good
	done
	# A sibling of which it is the beginning is another jail.
	refuses 1 goo start goo
	ok destroy -y good
}

missing_do()
{
	begin
	with tiny
	ok create -r tiny web
	for command in start stop restart "destroy -y" "get boot" "set boot=yes" \
	    "rename"; do
		case $command in
		rename) refuses 1 nosuch rename nosuch other ;;
		*) # shellcheck disable=SC2086
			refuses 1 nosuch $command nosuch ;;
		esac
	done
	refuses 1 nosuch create -r nosuch --no-fetch other
	refuses '1 2' nosuch get nosuch web
	refuses '1 2' nosuch list nosuch=1
	refuses '1 2' nosuch list -o nosuch
	refuses '1 125' nosuch run -r nosuch -- true
	refuses 1 nosuch fetch nosuch
	refuses '1 2' nosuch fetch --distribution nosuch bookworm
	refuses 1 nosource --source nosource list
	refuses 1 . start 'nothing*'
}

one_of_several_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok create -r tiny db
	ok start db
	# One cannot be started; the other is, the status is 1, it is named.
	"$program" -c "$conf" -q start web db >stdout 2>stderr </dev/null
	status=$?
	[ $status -eq 1 ] || atf_fail "status $status instead of 1"
	atf_check -o match:db cat stderr
	state web running
	ok stop web db
}

values_do()
{
	begin
	with tiny
	ok create -r tiny web
	for bad in boot=maybe priority=high priority=1.5 priority= \
	    priority=99999999999999999999 memoryuse=lots memoryuse=-1 \
	    maxproc=deny= 'host_hostname=a b' host_hostname=../x \
	    "host_hostname=$(printf '%0300d' 1)" \
	    template=2 enforce_statfs=7 id=other release=other; do
		refuses '1 2' "${bad%%=*}" set "$bad" web
		refuses '1 2' "${bad%%=*}" create -r tiny other "$bad"
	done
	no_leaks
}

damaged_do()
{
	begin
	with tiny
	ok create -r tiny web
	ok create -r tiny fine
	config=$src/jails/web/config.json
	cp "$config" good.json
	deep=$(printf '%05000d' 0 | tr 0 '[')
	for bad in '' '{' '[]' '{"boot":"yes","boot":"no"}' 'null' '{"a":1}x' \
	    "$(printf '{"a":"\001"}')" "$deep"; do
		printf '%s' "$bad" >"$config"
		refuses 1 'config.json|web' get boot web
		refuses 1 'config.json|web' set boot=yes web
		refuses 1 'config.json|web' start web
		atf_check -o "inline:$bad" cat "$config"
		prints stopped list -H -o state fine
		says broken list
	done
	head -c 2000000 /dev/zero | tr '\0' ' ' >"$config"
	refuses 1 'config.json|web' start web
	says broken list
	prints stopped list -H -o state fine
	rm "$config"
	says broken list
	mkfifo "$config"
	says broken list
	refuses 1 'config.json|web' start web
	rm "$config"
	ln -s /etc/passwd "$config"
	refuses 1 'config.json|web' start web
	rm "$config"
	cp good.json "$config"
	ok start web
	ok stop web
	printf '{' >"$config"
	ok destroy -y -f web
	# Which uid range was its own stood in it; nobody has it any more.
	ok recover
	ok destroy -y fine
	atf_check -o empty ls -A "$src/.ids"
	no_leaks
}

ioc_conf_do()
{
	begin
	cp "$conf" good
	for bad in 'ioc_nosuch="x"' 'ioc_dir_x="relative"' 'ioc_dir_x=$(id)' \
	    'ioc_dir_a b="/x"' 'ioc_dir_x="unclosed' '. /etc/other'; do
		{ cat good; echo "$bad"; } >"$conf"
		refuses 1 'ioc.conf|ioc_' list
	done
	cp good "$conf"
	refuses 1 'nosuch.conf' -c "$dir/nosuch.conf" list
	ok list
}

full_disk_do()
{
	begin
	tiny_archive
	serve "$dir/www"
	mkdir "$dir/small"
	for size in 96k 1m 3m; do
		os_tmpfs "$dir/small" "$size" || atf_fail "no tmpfs"
		ok activate --dir "$dir/small" --name small
		"$program" -c "$conf" -q --source small fetch --no-update --url \
		    "https://localhost:$port/tiny.tar.xz" --sha256 \
		    "$(sha256 "$dir/files/tiny.tar.xz")" \
		    --ca-file "$dir/ca.pem" tiny >stdout 2>stderr </dev/null
		status=$?
		if [ $status -eq 0 ]; then
			# It fits once, but not twice.
			"$program" -c "$conf" -q --source small create -T \
			    -r tiny web >stdout 2>stderr </dev/null
			status=$?
		fi
		[ $status -eq 1 ] ||
		    atf_fail "status $status instead of 1: $(cat stderr)"
		atf_check -o match:'[Ss]pace|[Ff]ull' cat stderr
		[ "$(wc -l <stderr)" -le 2 ] || atf_fail "$(cat stderr)"
		atf_check -o empty find "$dir/small/.staging" \
		    "$dir/small/.journal" "$dir/small/jails" -mindepth 1
		umount "$dir/small"
		ok deactivate "$dir/small"
	done
}

no_debootstrap_do()
{
	begin
	[ -x /usr/sbin/debootstrap ] ||
	    atf_skip "debootstrap is not installed, so it cannot be hidden"
	snapshot >before
	os_without /usr/sbin/debootstrap "$program" -c "$conf" -q fetch \
	    bookworm >stdout 2>stderr </dev/null
	[ $? -eq 1 ] || atf_fail "status is not 1: $(cat stderr)"
	atf_check -o match:debootstrap cat stderr
	snapshot >after
	atf_check cmp before after
	no_leaks
}

not_root_do()
{
	begin
	with tiny
	ok create -r tiny web
	# Everybody may read the source, so that nothing but the right is missing.
	chmod 755 "$dir" "$src"
	chmod 644 "$conf"
	open_program
	for command in "create -r tiny other" "start web" "stop web" \
	    "restart web" "destroy -y web" "rename web other" "fetch bookworm" \
	    "activate --dir $dir/new" "deactivate $src" "recover" \
	    "set boot=yes web" "exec web -- true" "run -r tiny -- true" \
	    "console web"; do
		snapshot >before
		# shellcheck disable=SC2086
		os_nobody "$public" -c "$conf" $command >stdout 2>stderr \
		    </dev/null
		status=$?
		case "$command $status" in
		exec*125 | run*125 | console*125 | *' 1') ;;
		*) atf_fail "status $status: $command: $(cat stderr)" ;;
		esac
		atf_check -o match:'[Rr]oot|[Pp]ermi' cat stderr
		[ "$(wc -l <stderr)" -le 2 ] || atf_fail "$(cat stderr)"
		[ ! -s stdout ] || atf_fail "prints: $command"
		snapshot >after
		atf_check cmp before after
	done
}

surroundings_do()
{
	begin
	with tiny
	ok create -r tiny web
	# 37 to 40: a hostile environment, few descriptors, an open umask, closed 0
	# to 2.
	(
		export PATH=/nowhere IFS=/ TMPDIR=/nowhere LD_PRELOAD=/nowhere.so \
		    ENV=/nowhere BASH_ENV=/nowhere CDPATH=/ HOME=/nowhere \
		    LD_LIBRARY_PATH="$dir" LD_AUDIT=/nowhere.so \
		    GCONV_PATH="$dir" LOCPATH="$dir" LC_ALL='../../x' TZ=:/nowhere \
		    ZFS_COLOR=1 ZPOOL_SCRIPTS_PATH="$dir" SSL_CERT_FILE=/nowhere \
		    OPENSSL_CONF=/nowhere MALLOC_CHECK_=3 PS4='$(touch pwned)' \
		    TERM='../../x' COLUMNS=-1 LINES=99999999999
		"$program" -c "$conf" -q start web 2>/dev/null
	) || atf_fail "a hostile environment"
	[ ! -e pwned ] || atf_fail "the environment was executed"
	ok stop web
	# With few descriptors it is done, or it is said, but never half of it.
	for n in 6 10 16 24 32 48; do
		(ulimit -n $n && "$program" -c "$conf" -q start web) 2>stderr
		case $? in
		0) ok stop web ;;
		1) atf_check -o match:'open files|descriptor' cat stderr ;;
		*) atf_fail "with $n descriptors: $(cat stderr)" ;;
		esac
		state web stopped
		no_leaks "a start with $n descriptors"
	done
	ok start web
	(umask 0 && "$program" -c "$conf" -q exec web -- sh -c '>/new') ||
	    atf_fail "umask 0"
	prints -rw-r--r-- exec web -- sh -c 'ls -l /new | cut -c1-10'
	"$program" -c "$conf" -q stop web <&- >&- 2>&- ||
	    atf_fail "closed descriptors"
	(umask 0 && "$program" -c "$conf" -q create -r tiny other) ||
	    atf_fail "umask 0"
	atf_check -o empty find "$src/jails" -maxdepth 2 -perm -002 \
	    ! -type l ! -path '*/root' ! -path '*/root/*'
	no_leaks
}

# 39: it is done, or it is said, but never half of it; whatever may not be used up.
tiny_limits_do()
{
	begin
	with tiny
	ok create -r tiny web
	# dash has another letter for it.
	processes=-u
	(ulimit -u) >/dev/null 2>&1 || processes=-p
	for limit in '-f 0' '-f 1' '-f 8' '-v 4096' '-v 20000' '-v 100000' \
	    '-d 64' '-d 1024' '-s 64' '-s 256' "$processes 1" "$processes 3" \
	    '-c 0' '-l 0' '-t 1'; do
		# Through a pipe, as a file might not take it.
		# shellcheck disable=SC2086
		(ulimit $limit || exit 99
		"$program" -c "$conf" -q start web 2>&1
		echo "status $?") | cat >stderr
		status=$(sed -n 's/^status //p' stderr)
		status=${status:-99}
		sed -i.all '/^status /d' stderr
		echo "ulimit $limit: $status $(head -n 1 stderr)"
		case $status in
		0) ok stop web ;;
		1)
			[ "$(wc -l <stderr)" -le 2 ] && [ -s stderr ] ||
			    atf_fail "says: $(cat stderr)"
			;;
		99) continue ;;
		*)
			# No memory for the program itself: its loader's word.
			case $limit in
			-[vds]*) ;;
			*) atf_fail "ulimit $limit: status $status, $(cat stderr)" ;;
			esac
			;;
		esac
		ok recover
		state web stopped
		no_leaks "a start with ulimit $limit"
		# shellcheck disable=SC2086
		said=$( (ulimit $limit && "$program" -c "$conf" -q create -r tiny \
		    new) 2>&1)
		[ "$said" != new ] || ok destroy -y new
		ok recover
		[ ! -e "$src/jails/new" ] || atf_fail "ulimit $limit: half a jail"
		no_leaks "a create with ulimit $limit"
	done
	ok start web
	ok stop web
	no_leaks
}

# 36: what becomes an argument of a program of the host: zfs, zpool, debootstrap,
# wget, gpgv, apt-get.
tools_do()
{
	begin
	with tiny
	hash=$(printf %064d 0)
	nothing_between=yes
	for word in '-x' '--help' 'a;touch pwned' 'a$(touch pwned)' \
	    'a`touch pwned`' 'a b' "$(printf 'a\nb')" 'a@b' 'a%b' '../a' 'a/../b' \
	    "a'b" 'a"b' 'a\b' '|touch pwned' '>pwned' '*' "$(printf '%0300d' 0)" \
	    "$(printf 'a\377')" '' ; do
		refuses '1 2' . activate -- "$word"
		refuses '1 2' . activate --name "$word" --dir "$dir/other"
		refuses '1 2' . deactivate -- "$word"
		refuses '1 2' . fetch --no-update -- "$word"
		refuses '1 2' . fetch --no-update --mirror "$word" "$release"
		refuses '1 2' . fetch --no-update --mirror "https://$word/" \
		    "$release"
		refuses '1 2' . fetch --distribution "$word" "$release"
		refuses '1 2' . fetch --url "$word" --sha256 "$hash" x
		refuses '1 2' . fetch --url "https://localhost:1/x" \
		    --sha256 "$word" x
		refuses '1 2' . fetch --url "https://localhost:1/x" \
		    --sha256 "$hash" --ca-file "$word" x
		refuses '1 2' . update -- "$word"
		refuses '1 2' . verify -- "$word"
		[ ! -e pwned ] || atf_fail "executed: $word"
	done
	[ ! -e "$dir/other" ] || atf_fail "a source was made"
}

# The helpers are those of the program, by whatever name it is called.
called_do()
{
	begin
	mkdir -p evil/cli evil/helpers evil/ioc evil/lib/ioc
	for at in evil/helpers evil/ioc evil/lib/ioc evil/cli; do
		printf '#!/bin/sh\n: >%s/executed\n' "$PWD" >"$at/ioc-worker"
		chmod 755 "$at/ioc-worker"
	done
	ln -s "$program" evil/cli/ioc
	hash=$(printf %064d 0)
	for name in "$PWD/evil/cli/ioc" evil/cli/ioc ./ioc ioc; do
		case $name in
		*evil*) at=. ;;
		*) at=evil/cli ;;
		esac
		(cd "$at" && env PATH=.:/bin:/usr/bin "$name" -c "$conf" -q fetch \
		    --url https://127.0.0.1:1/x --sha256 "$hash" x) 2>stderr
		[ $? -eq 1 ] || atf_fail "$(cat stderr)"
		atf_check -o match:'no connection' cat stderr
		[ ! -e executed ] || atf_fail "executed another's helper: $name"
	done
}

atf_init_test_cases()
{
	testcase usage "unknown commands and options, wrong operands"
	testcase names "names that are none"
	testcase missing "what does not exist"
	testcase one_of_several "one of several fails"
	testcase values "values that are none"
	testcase damaged "a damaged config.json"
	testcase ioc_conf "a damaged ioc.conf"
	testcase full_disk "a full disk, early and late"
	testcase no_debootstrap "a missing program of the host"
	testcase not_root "somebody who is not root"
	testcase called "the program by other names and from other places"
	testcase tiny_limits "limits on files, memory, stack and processes"
	testcase tools "words that programs of the host would be given"
	testcase surroundings "a hostile environment, few descriptors, umask 0"
}
