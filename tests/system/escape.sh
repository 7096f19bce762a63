#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# From inside a jail, as its root: nothing of the host can be reached.
. "$(atf_get_srcdir)/common.sh"

# inside: a jail of the distribution that runs, with the static programs in /p.
inside()
{
	begin
	with native
	ok create -r "$release" web
	ok start web
	ok exec web -- mkdir /p
	for p in calls net pass; do
		[ -x "$progs/$p" ] || atf_fail "not built: $progs/$p"
		"$program" -c "$conf" exec web -- sh -c \
		    "cat >/p/$p && chmod 755 /p/$p" <"$progs/$p" ||
		    atf_fail "cannot copy $p into the jail"
	done
}

# in_jail SCRIPT: a shell script in the jail, as its root.
in_jail()
{
	"$program" -c "$conf" exec web -- sh -c "$1"
}

# Each call is refused by the kernel for want of a right, not for want of a
# proper argument; which ones, and with what, stands in prog/calls.c.
calls_do()
{
	inside
	"$program" -c "$conf" exec web -- /p/calls >said 2>&1
	status=$?
	cat said
	[ $status -eq 0 ] || atf_fail "a call went through: $(grep -v \
	    ' refused$' said | tr '\n' ';')"
	[ "$(grep -c ' refused$' said)" -ge "$os_calls" ] ||
	    atf_fail "only $(wc -l <said) calls were tried"
}

# The same calls as the host's root do get through, so that the test above can
# fail.
calls_twin_do()
{
	[ -x "$progs/calls" ] || atf_fail "not built: $progs/calls"
	mkdir twin
	# In a mount namespace of its own where there is such a thing.
	set -- "$(command -v unshare || :)" -m
	[ -n "$1" ] || set --
	(cd twin && "$@" "$progs/calls") >said 2>&1 &&
	    atf_fail "refused to the host's root as well: $(cat said)"
	cat said
	atf_check -o match:'^mknod_char .*reached$' -o match:'^mount .*reached$' \
	    cat said
	[ "$(grep -c ' reached$' said)" -ge 3 ] || atf_fail "$(cat said)"
}

files_do()
{
	inside
	echo secret >"$dir/marker"
	for path in "$dir/marker" "$src" "/proc/1/root$dir/marker" \
	    "/proc/self/root/../../..$dir/marker"; do
		gives 1 exec web -- test -e "$path"
	done
	# Out of a chroot within the jail one comes to the jail's root only.
	in_jail "/p/calls --chroot '$dir/marker'" ||
	    atf_fail "the host's root was reached"
	# No descriptor of a process leads out.
	in_jail 'for f in /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd/*
	    do readlink "$f"; done' >links 2>/dev/null
	atf_check -s exit:1 grep -F "$dir" links
	# Nor does the table of its mounts tell where it lies.
	in_jail 'cat /proc/self/mountinfo || mount' >mounts 2>/dev/null
	[ -s mounts ] || atf_fail "no mount is seen"
	atf_check -s exit:1 grep -F "$dir" mounts
	# Links that lead out lead to the jail's own files.
	in_jail "mkdir -p /var/tmp/x; ln -s ../../../../../..$dir/marker /l;
	    ! cat /l" || atf_fail "a link leads out"
}

processes_do()
{
	inside
	sleep 1000 &
	pid=$!
	in_jail "kill -9 $pid" 2>/dev/null
	in_jail 'kill -9 -1' 2>/dev/null
	kill -0 $pid || atf_fail "a process of the host was killed"
	kill $pid
	ok exec web -- true
	# Those that are seen are few, and 1 is the jail's own init.
	n=$(in_jail 'ls -d /proc/[0-9]* | wc -l')
	[ "$n" -lt 10 ] || atf_fail "$n processes are seen"
	in_jail 'kill -9 1' 2>/dev/null
	ok exec web -- true
}

devices_do()
{
	inside
	in_jail 'find /dev -type c -o -type b' | sort >devices
	atf_check -s exit:1 grep -vE \
	    '^/dev/(null|zero|full|random|urandom|tty|console|ptmx|pts/.*|fd/[0-9]*)$' \
	    devices
	for device in mem kmem port sda vda kmsg loop-control fuse kvm \
	    net/tun mapper/control; do
		gives 1 exec web -- test -e "/dev/$device"
	done
	for n in 'b 8 0' 'b 254 0' 'c 1 1' 'c 10 200' 'c 1 11'; do
		if in_jail "mknod /x $n && head -c 1 /x" >/dev/null 2>&1; then
			atf_fail "device $n can be opened"
		fi
		in_jail 'rm -f /x'
	done
}

proc_sys_do()
{
	inside
	# h prints a help text, so that it harms nobody should it get through.
	for file in /proc/sysrq-trigger /proc/sys/kernel/core_pattern \
	    /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches \
	    /proc/sys/kernel/printk /sys/kernel/uevent_helper \
	    /sys/power/state /proc/irq/default_smp_affinity \
	    /proc/sys/fs/binfmt_misc/register; do
		if in_jail "[ -e $file ] && echo h >$file" 2>/dev/null; then
			atf_fail "$file can be written"
		fi
	done
	for file in /proc/kcore /proc/kallsyms /proc/keys /proc/timer_list \
	    /proc/sched_debug /proc/scsi/scsi /sys/firmware/dmi/tables/DMI \
	    /sys/kernel/debug/. /sys/fs/bpf/. /sys/kernel/security/lsm; do
		n=$(in_jail "head -c 64 $file 2>/dev/null | tr -d '\000' | wc -c")
		[ "${n:-0}" -eq 0 ] || [ $file = /proc/kallsyms ] ||
		    atf_fail "$file tells $n bytes"
	done
	# Masks can neither be removed nor mounted over.
	for command in 'umount /proc/kcore' 'umount /proc/sysrq-trigger' \
	    'umount /proc' 'mount -t proc proc /mnt' 'mount -t sysfs sys /mnt' \
	    'mount -o remount,rw /sys' 'mount -o remount,rw /proc/sys' \
	    'mount --bind /proc /mnt' 'mount -t cgroup cgroup /mnt -o memory' \
	    'mount -t cgroup2 none /mnt' 'mount -t devpts devpts /mnt' \
	    'mount -t overlay -o lowerdir=/etc:/bin none /mnt'; do
		if in_jail "$command" 2>/dev/null; then
			atf_fail "it may: $command"
		fi
	done
	in_jail 'find / -xdev -name release_agent -o -xdev -name notify_on_release
	    find /sys -name release_agent -o -name devices.allow' >agents \
	    2>/dev/null
	while read -r agent; do
		if in_jail "echo /x >$agent" 2>/dev/null; then
			atf_fail "$agent can be written"
		fi
	done <agents
}

network_do()
{
	inside
	port=$((20000 + $$ % 20000))
	abstract=ioc-test-$source
	"$progs/net" listen "$port" "$abstract" &
	listener=$!
	sleep 0.5
	# The twin: from the host both are reached, where there are both.
	"$progs/net" connect "$port" "$abstract" >said || :
	[ "$(grep -c reached said)" -eq "$os_listeners" ] ||
	    { kill $listener; atf_fail "the listener is not reached: $(cat said)"; }
	in_jail "/p/net connect $port $abstract" >said && status=0 || status=1
	kill $listener
	[ "$status" -eq 1 ] || atf_fail "the host is reached: $(cat said)"
	atf_check -o match:'^tcp refused$' -o match:'^abstract refused$' cat said
	# Without a network of its own there is none at all.
	[ "$(uname -s)" = Linux ] || return 0
	prints lo exec web -- ls /sys/class/net
	# Its own loopback works.
	in_jail "/p/net listen $port x & sleep 0.3; /p/net connect $port x;
	    r=\$?; kill \$!; exit \$r" >said ||
	    atf_fail "no loopback: $(cat said)"
}

# CVE-2025-15576, CVE-2026-101304 to 101306: what two jails pass to each other.
# Where the kernel has it mended, or on Linux, it leads nowhere; elsewhere it does,
# which is why sharing is refused there (fstab.sh).
passed_do()
{
	inside
	ok create -r "$release" db
	ok start db
	"$program" -c "$conf" exec db -- sh -c "cat >/pass && chmod 755 /pass" \
	    <"$progs/pass" || atf_fail "cannot copy pass into the jail"
	echo secret >"$dir/marker"
	mkdir "$dir/data"
	chmod 1777 "$dir/data"
	for jail in web db; do
		ok fstab add -o rw,shared "$dir/data" /data $jail
	done
	in_jail '/p/pass send /data/socket' &
	sender=$!
	"$program" -c "$conf" exec db -- /pass recv /data/socket \
	    "$dir/marker" >said 2>&1
	status=$?
	kill $sender 2>/dev/null
	atf_check -o inline:'a directory was passed\n' cat said
	ioc doctor 2>/dev/null | grep -q '^share *yes' && share=0 || share=1
	[ "$status" -eq "$share" ] ||
	    atf_fail "the host is seen: $status, and $share was expected"
	ok stop web db
	no_leaks
}

# 69: what stands in the jail's own tree says nothing about it (systemd-nspawn
# CVE-2026-40226; buildah CVE-2024-1753, containerd CVE-2022-23648).
own_words_do()
{
	inside
	echo secret >"$dir/marker"
	# Lines of fstab count where the administrator writes them.
	mkdir "$dir/data"
	echo "$dir/data /twin nullfs ro 0 0" >"$src/jails/web/fstab"
	in_jail "for f in /fstab /etc/fstab /root/fstab; do
	    echo '$dir /host nullfs rw 0 0' >\$f; done
	    for f in /config.json /etc/ioc.json; do
	    echo '{\"userns\":\"off\",\"allow_raw_sockets\":\"yes\"}' >\$f; done
	    echo 'ioc_dir_x=\"/\"' >/etc/ioc.conf
	    printf '[Exec]\nPrivateUsers=no\n[Files]\nBind=/:/host\n' >/web.nspawn
	    echo 'web { path=\"/\"; allow.mount; exec.prestart=\"touch /pwned\"; }' \
	        >/etc/jail.conf" || atf_fail "cannot write them"
	ioc get -a web >before
	ok restart web
	ioc get -a web >after
	atf_check cmp before after
	[ -s before ] || atf_fail "nothing was compared"
	ok exec web -- test -d /twin
	gives 1 exec web -- test -e /host
	gives 1 exec web -- test -e "$dir/marker"
	[ ! -e /pwned ] || atf_fail "a hook of the jail was run"
	ok stop web
	no_leaks
}

helpers_do()
{
	inside
	helper=$(find "$(dirname "$program")/.." -name ioc-init -type f | head -n 1)
	[ -n "$helper" ] || atf_skip "no helper program is used"
	cksum "$helper" "$program" >before
	# The program that becomes the jail's init, or enters it, as a file.
	in_jail 'for f in /proc/[0-9]*/exe; do
	    echo x >>$f; cp /bin/true $f; done' >/dev/null 2>&1
	in_jail '/p/calls --exe' >/dev/null 2>&1
	cksum "$helper" "$program" >after
	atf_check cmp before after
	ok exec web -- true
}

identity_do()
{
	inside
	# Its root is nobody to the host.
	in_jail 'sleep 1000 </dev/null >/dev/null 2>&1 &'
	pid=$(os_pids | awk '/sleep 1000/ { print $1 }')
	[ -n "$pid" ] || atf_fail "its process is not found"
	uid=$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")
	[ "$uid" -ge 65536 ] || atf_fail "its root is $uid on the host"
	[ "$(awk '$1 == "NoNewPrivs:" { print $2 }' "/proc/$pid/status")" ] ||
	    atf_skip "no /proc/PID/status"
	[ "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$pid/status")" = 2 ] ||
	    atf_fail "no seccomp filter"
	# sys_admin, sys_module, sys_rawio, sys_boot, sys_ptrace, mknod, syslog
	bits=$(awk '$1 == "CapBnd:" { print $2 }' "/proc/$pid/status")
	for bit in 16 17 21 22 25 27 34; do
		[ $(((0x$bits >> bit) & 1)) -eq 0 ] ||
		    atf_fail "capability $bit is in the bounding set $bits"
	done
	# Two jails have nothing in common.
	ok create -r "$release" other
	ok start other
	ok exec other -- sh -c 'sleep 2000 </dev/null >/dev/null 2>&1 &'
	pid=$(os_pids | awk '/sleep 2000/ { print $1 }')
	other=$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")
	[ "$uid" != "$other" ] || atf_fail "two jails share the uid $uid"
}

# The root of such a jail is the host's root: what it may do is less.
without_uids_do()
{
	inside
	ok stop web
	ok destroy -y web
	ok create -r "$release" web userns=off
	ok start web
	"$program" -c "$conf" exec web -- sh -c \
	    'cat >/calls && chmod 755 /calls' <"$progs/calls"
	"$program" -c "$conf" exec web -- /calls >said 2>&1 ||
	    atf_fail "a call went through: $(grep -v ' refused$' said |
	    tr '\n' ';')"
	[ "$(grep -c ' refused$' said)" -ge "$os_calls" ] ||
	    atf_fail "only $(wc -l <said) calls were tried"
	# Its commands say what those of other jails say.
	gives 3 exec web -- sh -c 'exit 3'
	gives 127 exec web -- no-such-command
	gives 126 exec web -- /etc/passwd
	prints 'a b' exec web -- sh -c 'echo "$1"' x 'a b'
	# What it is given to read stays what it was.
	echo deploy >given
	in_jail 'echo hostile >/proc/self/fd/0' <given >/dev/null 2>&1 &&
	    atf_fail "a file of the host was written to"
	atf_check -o inline:'deploy\n' cat given
	# The program that enters is not what is behind its name.
	cksum "$program" >before
	in_jail 'ln -s /proc/self/exe /lure; printf "#!/proc/self/exe\n" \
	    >/lure.sh; chmod 755 /lure.sh'
	for lure in /lure /lure.sh; do
		if "$program" -c "$conf" exec web -- $lure version \
		    >said 2>&1; then
			atf_fail "$lure is the program of the host: $(cat said)"
		fi
	done
	atf_check -o file:before cksum "$program"
	ok stop web
	no_leaks
}

limits_do()
{
	inside
	ok stop web
	ok set maxproc=40 memoryuse=64M web
	ok start web
	in_jail 'for i in $(seq 1 100); do sleep 20 & done' >/dev/null 2>said
	[ "$(os_pids | grep -c 'sleep 20')" -le 40 ] ||
	    atf_fail "more processes than allowed"
	ok stop web
	ok start web
	# tail keeps all of it until it knows where the end is.
	if in_jail 'head -c 200000000 /dev/zero | tail -c 150000000' \
	    >/dev/null 2>&1; then
		atf_fail "more memory than allowed"
	fi
	ok stop web
	no_leaks
}

propagation_do()
{
	inside
	cut -d' ' -f3- /proc/self/mountinfo | sort >before
	in_jail 'mount -t tmpfs t /mnt; mount --make-shared /' >/dev/null 2>&1
	cut -d' ' -f3- /proc/self/mountinfo | sort >after
	atf_check cmp before after
	# What the host mounts later is not seen inside.
	mkdir "$dir/late"
	mount -t tmpfs tmpfs "$dir/late"
	gives 1 exec web -- grep -F late /proc/self/mountinfo
	umount "$dir/late"
}

# FreeBSD: what a jail made of its own tree is met at the next start.
targets_do()
{
	begin
	with tiny
	mkdir "$dir/out"
	for link in "$dir/out" ../../../../../../../out /; do
		ok create -r tiny web
		root=$src/jails/web/root
		rm -rf "${root:?}/dev"
		ln -s "$link" "$root/dev"
		refuses 1 dev start web
		no_leaks "a start with /dev leading to $link"
		rm "$root/dev"
		mkdir -p "$root/inner" "$root/usr"
		mv "$root/usr" "$root/usr-away"
		ln -s "$link" "$root/usr"
		refuses 1 usr start web
		no_leaks "a start with /usr leading to $link"
		ok destroy -y web
	done
	atf_check ls "$dir/out"
}

parameters_do()
{
	begin
	with tiny
	ok create -r tiny web securelevel=3 enforce_statfs=1 children_max=4 \
	    sysvmsg=new sysvsem=disable sysvshm=inherit allow_raw_sockets=yes \
	    allow_set_hostname=no
	ok start web
	jls -n -j "$source-web" | tr ' ' '\n' >params
	for line in securelevel=3 enforce_statfs=1 children.max=4 sysvmsg=new \
	    sysvsem=disable sysvshm=inherit allow.raw_sockets \
	    allow.noset_hostname allow.nochflags vnet=inherit ip4=disable \
	    ip6=disable persist; do
		atf_check -o ignore grep -Fx "$line" params
	done
	# A ruleset of its own, which hides what it does not show.
	set=$(sed -n 's/^devfs_ruleset=//p' params)
	[ "$set" -gt 4 ] || atf_fail "ruleset $set"
	ok stop web
	no_leaks
	prints 1 run -r tiny -o securelevel=1 -- sysctl -n kern.securelevel
	# Any other parameter that the kernel has, by its own name.
	ok set jail.allow.read_msgbuf=yes web
	refuses 1 'property sysvmsg' set jail.sysvmsg=new web
	refuses 1 "ioc's own" set jail.path=/ web
	ok set jail.allow.reserved_ports=no jail.ip4=inherit web
	ok start web
	jls -n -j "$source-web" | tr ' ' '\n' >params
	for line in allow.read_msgbuf allow.noreserved_ports ip4=inherit \
	    ip6=disable; do
		atf_check -o ignore grep -Fx "$line" params
	done
	ok stop web
	ok set jail.no.such=1 web
	refuses 1 'has no jail parameter no.such' start web
	no_leaks
	prints 1 run -r tiny -o jail.allow.read_msgbuf=yes -o securelevel=1 -- \
	    sysctl -n kern.securelevel
}

# What the kernel itself provides, as properties say.
provided_do()
{
	begin
	with tiny
	ok create -r tiny web vnet=yes mount_procfs=yes mount_linprocfs=yes \
	    mount_linsysfs=yes devfs_ruleset=3
	ok start web
	jls -n -j "$source-web" | tr ' ' '\n' >params
	for line in vnet=new devfs_ruleset=3; do
		atf_check -o ignore grep -Fx "$line" params
	done
	prints 'inet 127.0.0.1 netmask 0xff000000' exec web -- sh -c \
	    "ifconfig lo0 | grep -o 'inet 127.*'"
	in_jail 'ifconfig -l' >seen || atf_fail "ifconfig"
	[ "$(tr -d ' \n' <seen)" = lo0 ] || atf_fail "sees $(cat seen)"
	atf_check -o match:'Linux version' "$program" -c "$conf" exec web -- \
	    cat /compat/linux/proc/version
	atf_check -o match:'devices' "$program" -c "$conf" exec web -- \
	    ls /compat/linux/sys
	atf_check -o not-empty "$program" -c "$conf" exec web -- \
	    cat /proc/curproc/status
	ok stop web
	no_leaks
	ok set vnet=no mount_procfs=no mount_linprocfs=no mount_linsysfs=no \
	    mount_fdescfs=no mount_devfs=no devfs_ruleset exec_start=- \
	    exec_stop=- web
	ok start web
	mount -p | grep -F "$src/jails/web/root/" | awk '{ print $3 }' |
	    sort -u >seen
	[ "$(cat seen)" = nullfs ] || atf_fail "mounted: $(cat seen)"
	ok stop web
	# A ruleset without rules would show every device.
	ok set devfs_ruleset=40000 mount_devfs=yes web
	refuses 1 'ruleset 40000 has no rules' start web
	no_leaks
}

atf_init_test_cases()
{
	testcase files "files of the host"
	testcase processes "processes of the host"
	testcase devices "devices"
	testcase network "the network of the host"
	testcase calls "system calls for which a jail has no right"
	testcase passed "a directory that one jail passes to another"
	testcase own_words "configuration that lies in the jail's tree"
	testcase calls_twin "the same calls as the host's root"
	if [ "$(uname -s)" = Linux ]; then
		testcase proc_sys "/proc, /sys, control groups and mounts"
		testcase helpers "our own programs as files"
		testcase identity "uids, capabilities, seccomp"
		testcase without_uids "a jail without uids of its own"
		testcase limits "limits on processes and memory"
		testcase propagation "mounts stay where they were made"
	else
		testcase targets "targets of mounts that a jail has changed"
		testcase parameters "what the kernel was told about the jail"
		testcase provided "what the kernel itself provides to it"
	fi
}
