#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Kinds of jails: templates, basejails, several at once.
# What os_no_idmap is, is one word or none.
# shellcheck disable=SC2086
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/pool.sh"

refused()
{
	pattern=$1
	shift
	atf_check -s exit:1 -e "match:$pattern" \
	    "$program" -c "$conf" -q "$@"
}

template()
{
	ok create -r tiny base notes=mine $may
	ok start base
	ok exec base -- sh -c 'echo template >/etc/mine'
	refused 'runs' set template=yes base
	refused 'not a template' create -t base web
	ok stop base
	ok set template=yes base
	refused 'template' start base
	gives 125 exec -f base -- true
	atf_check "$program" -c "$conf" list -H -o name
	prints base list -t -H -o name
	ok create -t base web notes=other
	ok create -t base -C 2 n
	gives 2 create -t base -r tiny x
	gives 2 create -t base -e x
	gives 1 create -t nosuch x
	prints other get notes web
	prints mine get notes n-2
	prints no get template web
	ok start web n-1
	prints template exec web -- cat /etc/mine
	prints n-1 exec n-1 -- hostname
	ok exec web -- sh -c 'echo changed >/etc/mine'
	prints template exec n-1 -- cat /etc/mine
	ok stop web n-1
	# Only with -t, or by its name.
	gives 1 destroy -y -t 'n-*'
	atf_check -o inline:'n-1\nn-2\nweb\n' \
	    "$program" -c "$conf" list -H -o name
}

directory_template_do()
{
	begin
	with tiny
	may=
	template
	ok destroy -y -t '*'
	gives 1 destroy -y -t '*'
	ok start web
	prints changed exec web -- cat /etc/mine
	ok stop web
	ok destroy -y '*'
	no_leaks
}

pool_template_do()
{
	begin_pool
	with_tiny
	may=$os_no_idmap
	template
	refused 'web' destroy -y -t base
	prints base list -t -H -o name
	says "^$pool .*$pool/iocage" list -p
	ok destroy -y '*'
	ok destroy -y -t base
	quiet
}

# cannot NAME COMMAND: root in a jail tries, and fails.
cannot()
{
	atf_check -s not-exit:0 -o ignore -e ignore \
	    "$program" -c "$conf" -q exec "$1" -- sh -c "$2"
}

# Root in it can neither write to the system's directories nor change that.
basejail()
{
	ok create -b -r "$1" web $may
	prints yes get basejail web
	prints nullfs get basejail_type web
	gives 1 set basejail=no web
	ok start web
	# In any other jail that is possible.
	ok create -T -r "$1" plain $may
	ok start plain
	ok exec plain -- sh -c 'touch /bin/new && chmod 755 /bin'
	ok stop plain
	ok destroy -y plain
	for attack in 'touch /bin/new' 'rm -f /bin/sh' 'mv /bin /oldbin' \
	    'chmod 777 /bin' 'umount /bin' 'umount -l /bin || umount -f /bin' \
	    'mount -o remount,rw /bin || mount -u -o rw /bin' \
	    'mount -o bind,remount,rw /bin' 'ln -s x /bin/new'; do
		cannot web "$attack"
	done
	ok exec web -- sh -c 'echo own >/etc/mine && ls /bin/sh'
	mkdir -p "$dir/share"
	refused '/bin is mounted' fstab add "$dir/share" /bin web
	ok fstab add "$dir/share" /mnt web
	touch "$dir/share/seen"
	ok exec web -- test -e /mnt/seen
	ok restart web
	prints own exec web -- cat /etc/mine
	cannot web 'touch /bin/new'
	ok stop web
	no_leaks stop
	# A clone is one, too; what is mounted is the release's, untouched.
	ok snapshot create web@a
	ok clone web@a copy
	ok start copy
	cannot copy 'touch /bin/new'
	prints own exec copy -- cat /etc/mine
	ok stop copy
	refused 'thick|release' create -T -r "$1" x basejail=yes
	refused 'thick|release' create -e x basejail=yes
	gives 2 create -b -T -r "$1" x
	ok destroy -y copy
	ok destroy -y web
}

directory_basejail_do()
{
	begin
	with tiny
	may=
	ls -lR "$src/releases/tiny" >before
	basejail tiny
	ls -lR "$src/releases/tiny" >after
	atf_check cmp before after
	no_leaks
}

pool_basejail_do()
{
	begin_pool
	with_tiny
	may=$os_no_idmap
	basejail tiny
	quiet
}

# Of the patch level that is pinned, whatever newer one there is.
pinned_do()
{
	begin
	with tiny
	ok create -b -r tiny web
	cp -a "$src/releases/tiny/p0" "$src/releases/tiny/p1"
	echo new >"$src/releases/tiny/p1/root/bin/level"
	ok create -b -r tiny new
	ok start web new
	gives 1 exec web -- test -e /bin/level
	gives 0 exec new -- test -e /bin/level
	ok stop web
	sed -i.bak 's/"patch_level": "0"/"patch_level": "1"/' \
	    "$src/jails/web/config.json"
	rm "$src/jails/web/config.json.bak"
	ok start web
	gives 0 exec web -- test -e /bin/level
	ok stop web new
	sed -i.bak 's/"patch_level": "1"/"patch_level": "7"/' \
	    "$src/jails/web/config.json"
	rm "$src/jails/web/config.json.bak"
	refused 'basejail' start web
	ok destroy -y web new
}

verified_do()
{
	begin
	with tiny
	ok create -b -r tiny web
	[ -s "$src/releases/tiny/p0/root.mtree" ] ||
	    atf_skip "nothing was recorded of this release"
	ok verify web
	ok start web
	ok exec web -- sh -c 'echo changed >/etc/group'
	ok stop web
	atf_check -s exit:1 -o match:'etc/group' -e ignore \
	    "$program" -c "$conf" verify web
}

# The usual system, as it is.
native_do()
{
	begin
	with native
	ok create -b -r "$release" web
	ok start web
	says '^(ID|NAME)=' exec web -- cat /etc/os-release
	cannot web 'touch /usr/bin/new'
	ok exec web -- sh -c 'echo >/var/mine; echo >/root/mine; echo >/tmp/mine'
	ok stop web
	ok destroy -y web
	no_leaks
}

# Each that can be made is made; the others are named.
several_do()
{
	begin
	with tiny
	ok create -r tiny web-2
	atf_check -s exit:1 -o inline:'web-1\nweb-3\n' -e match:'web-2' \
	    "$program" -c "$conf" -q create -r tiny -C 3 web
	atf_check -o inline:'web-1\nweb-2\nweb-3\n' \
	    "$program" -c "$conf" list -H -o name
	ok create -r tiny -C 3 -
	[ "$(ioc list -H -o name | wc -l)" -eq 6 ] || atf_fail "not three"
	ok destroy -y '*'
	no_leaks
}

atf_init_test_cases()
{
	testcase directory_template "directory: templates, and what is made of them"
	zcase pool_template "ZFS: templates stay while jails depend on them"
	testcase directory_basejail "directory: read-only directories of the system"
	zcase pool_basejail "ZFS: read-only directories of the system"
	testcase pinned "the patch level that a basejail has"
	testcase verified "verify of a basejail"
	testcase native "a basejail of the host's own distribution" 900
	testcase several "create -C: those that can be made"
}
