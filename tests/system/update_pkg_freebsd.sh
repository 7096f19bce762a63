#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# Updates of a base system that is made of packages, on FreeBSD: the genuine pkg(8)
# against a repository of the test's, over HTTPS, with a key of its own.  For that
# the host gets a pkg-static and a key while a case runs: only where
# IOC_TEST_DISPOSABLE says that the host may be.  IOC_TEST_PKG is the folder that
# has pkg-static, /usr/local/sbin if nothing is said.
. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/genuine.sh"
. "$(atf_get_srcdir)/pkgs.sh"

host_pkg=/usr/local/sbin/pkg-static
IOC_TEST_PKG=${IOC_TEST_PKG:-/usr/local/sbin}

# world: a source, a release made of IOC_TEST_BASE and of packages, a server.
world()
{
	genuine
	[ -x "$IOC_TEST_PKG/pkg-static" ] ||
	    atf_skip "no pkg-static in $IOC_TEST_PKG"
	begin
	base_release
	version=${rel%%-*}
	abi=FreeBSD:${version%.*}:$(uname -p)
	tool=$IOC_TEST_PKG/pkg-static
	export ABI="$abi" OSVERSION="${version%.*}0${version#*.}000"
	keys=/usr/share/keys/pkg
	[ "${version%.*}" -lt 15 ] || keys=/usr/share/keys/pkgbase-${version%.*}
	place=$dir/www/$abi/base_release_${version#*.}
	mkdir -p "${host_pkg%/*}" "$dir/packages" "$dir/www"
	[ -e "$host_pkg" ] || {
		cp "$tool" "$host_pkg"
		touch "$dir/put"
	}
	new_key
	patched 0
	"$tool" -r "$root" add "$dir"/packages/*.pkg >out 2>&1 ||
	    atf_fail "add: $(cat out)"
	serve_files
}

# serve_files: what is beneath $dir/www, over HTTPS.
serve_files()
{
	certify
	port=$((20000 + $$ % 20000))
	# It would not serve names with a colon itself.
	mkfifo "$dir/answers"
	(
		exec <"$dir/answers"
		sh -c 'echo $$ >server; exec "$@"' sh openssl s_server \
		    -accept "localhost:$port" -cert "$dir/ca.pem" \
		    -key "$dir/key.pem" -quiet 2>"$dir/server.log"
	) | sh "$tree/tests/common/fbu-server" answer "$dir" >"$dir/answers" \
	    2>/dev/null &
	for wait in $(seq 20); do
		sleep 0.5
		openssl s_client -connect "localhost:$port" </dev/null \
		    >/dev/null 2>&1 && break
	done
	[ "$wait" -lt 20 ] || atf_fail "no HTTPS server"
	cat >>"$conf" <<-END
	ioc_tls_ca_file="$dir/ca.pem"
	ioc_packages_FREEBSD="https://localhost:$port"
	END
}

unworld()
{
	[ -f dir ] || return 0
	rm -f "/usr/share/keys/pkg/trusted/test"
	rm -f /usr/share/keys/pkgbase-*/trusted/test
	[ ! -e "$(cat dir)/put" ] || rm -f "$host_pkg"
	end
}

# patched N [SCRIPT]: two packages of that patch level, one of them with flags.
patched()
{
	[ ! -d "$dir/new" ] || chflags -R 0 "$dir/new"
	rm -rf "$dir/new" "$dir/more" "$dir/packages"
	mkdir -p "$dir/new/bin" "$dir/new/usr/bin" "$dir/more/usr/bin" \
	    "$dir/packages"
	to=${version}p$1
	[ "$1" != 0 ] || to=$version
	sed "s/^USERLAND_VERSION=.*/USERLAND_VERSION=\"$rel-p$1\"/" \
	    "$root/bin/freebsd-version" >"$dir/new/bin/freebsd-version"
	[ "$1" = 0 ] || echo new >"$dir/new/usr/bin/brandnew"
	echo "tool of $1" >"$dir/more/usr/bin/locked"
	attributes=root,wheel,0555
	if [ $# -gt 1 ]; then
		package FreeBSD-runtime "$to" "$dir/new" "$2"
	else
		package FreeBSD-runtime "$to" "$dir/new"
	fi
	attributes=root,wheel,0555,schg
	package FreeBSD-locked "$to" "$dir/more"
	[ "$1" = 0 ] || offer
}

whole_do()
{
	world
	patched 3
	says "FreeBSD-runtime.*$version .*${version}p3" -n update "$rel"
	atf_check -o save:out -e save:err "$program" -c "$conf" update "$rel"
	cat out err
	atf_check -o match:'from patch level 0 to 1' cat out
	next=$src/releases/$rel/p1/root
	atf_check cmp "$dir/new/usr/bin/brandnew" "$next/usr/bin/brandnew"
	atf_check cmp "$dir/more/usr/bin/locked" "$next/usr/bin/locked"
	atf_check -o inline:"400000\n" stat -f %Of "$next/usr/bin/locked"
	has "$next" FreeBSD-runtime "${version}p3"
	has "$next" FreeBSD-locked "${version}p3"
	for f in .ioc-updates .ioc-scratch .ioc-pkg var/db/pkg/repos; do
		atf_check test ! -e "$next/$f"
	done
	has "$root" FreeBSD-runtime "$version"
	atf_check test ! -e "$root/usr/bin/brandnew"
	prints "$rel-p3" list -r -H -o version
	ok verify "$rel"
	says 'nothing to be done' update "$rel"
	# 51: metadata older than what is installed.
	patched 2
	refuses 1 'older' update "$rel"
	# A key that the host does not trust, a package that was not signed.
	patched 4
	trust "$(sha256 "$dir/key" | tr 0-9a-f 1-9a-f0)"
	refuses 1 'exit status|vouch' update "$rel"
	trust "$(sha256 "$dir/key")"
	for f in "$place"/FreeBSD-*.pkg; do
		printf evil | dd of="$f" bs=1 conv=notrunc 2>/dev/null
	done
	refuses 1 'exit status|end' update "$rel"
	forgotten
}

# 48: a script of a package attacks in stage two; what succeeded it tells.
hostile_do()
{
	world
	{
		echo 'worked() { echo "$*" >>/usr/bin/brandnew; }'
		attempts pkg-static
		echo 'exit 0'
	} >script
	patched 3 script
	atf_check -o match:'from patch level 0 to 1' -e save:err \
	    "$program" -c "$conf" update "$rel"
	atf_check -o inline:"new\n" cat "$src/releases/$rel/p1/root/usr/bin/brandnew"
	forgotten
}

# A jail of the same release: what its owner changed is left alone.
jail_do()
{
	world
	patched 3
	ok create -T -r "$rel" web
	own=$src/jails/web/root
	echo mine >"$own/etc/mine"
	says 'web updated, [1-9]' update web
	atf_check cmp "$dir/new/usr/bin/brandnew" "$own/usr/bin/brandnew"
	atf_check -o inline:"mine\n" cat "$own/etc/mine"
	has "$own" FreeBSD-locked "${version}p3"
	says 'as before' update --rollback web
	atf_check test ! -e "$own/usr/bin/brandnew"
	forgotten
}

atf_init_test_cases()
{
	gcase whole "a release is updated by the host's pkg, or refused"
	gcase hostile "a package's script attacks, and gets nowhere"
	gcase jail "a jail that owns its root is updated, and goes back"
}
