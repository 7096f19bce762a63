#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# meson install: everything in its place, usable from there.
# The build directory is IOC_BUILD, else build.
. "$(atf_get_srcdir)/common.sh"

# installed: a staged installation under ./d with the prefix /usr.
installed()
{
	tree=$(cd "$(atf_get_srcdir)/../.." && pwd)
	from=${IOC_BUILD:-$tree/build}
	[ -f "$from/build.ninja" ] || atf_fail "not built: $from"
	DESTDIR=$PWD/d meson install -C "$from" --no-rebuild --quiet \
	    >log 2>&1 || { cat log >&2; atf_fail "meson install"; }
	prefix=$(meson introspect --buildoptions "$from" |
	    jq -r '.[] | select(.name == "prefix").value')
	libdir=$prefix/$(meson introspect --buildoptions "$from" |
	    jq -r '.[] | select(.name == "libdir").value')
	d=$PWD/d
}

atf_test_case files
files_head() { atf_set require.progs "meson jq"; }
files_body()
{
	installed
	for file in "$prefix/bin/ioc" "$libdir/libioc.so" \
	    "$libdir/libioc.so.0" "$libdir/pkgconfig/libioc.pc" \
	    "$libdir/ioc/ioc-worker" "$prefix/include/ioc.h" \
	    "$prefix/share/bash-completion/completions/ioc" \
	    "$prefix/share/zsh/site-functions/_ioc" \
	    "$prefix/share/fish/vendor_completions.d/ioc.fish"; do
		[ -s "$d$file" ] || atf_fail "$file is not installed"
	done
	[ "$(uname -s)" != Linux ] || [ -x "$d$libdir/ioc/ioc-init" ] ||
	    atf_fail "$libdir/ioc/ioc-init is not installed"
	for header in "$tree"/include/ioc/*.h; do
		atf_check cmp "$header" \
		    "$d$prefix/include/ioc/$(basename "$header")"
	done
	for page in "$tree"/man/*.[1-9]; do
		[ -f "$page" ] || continue
		[ -s "$d$prefix/share/man/man${page##*.}/$(basename "$page")" ] ||
		    atf_fail "$(basename "$page") is not installed"
	done
	[ -n "$(find "$d$prefix/share/man" -type f 2>/dev/null)" ] ||
	    atf_fail "no manual page is installed"
	# Nothing is set-id, nothing may be written by others.
	atf_check -o empty find "$d" -type f \( -perm -4000 -o -perm -2000 -o \
	    -perm -0002 \)
}

# A program outside of the tree finds headers, library and helpers.
atf_test_case use
use_head() { atf_set require.progs "meson jq cc pkg-config"; }
use_body()
{
	installed
	cat >a.c <<'END'
#include <ioc.h>
#include <stdio.h>

int
main(void)
{
	size_t n;
	const struct ioc_prop *p = ioc_prop_table(&n);

	printf("%s %d\n", ioc_version(), n > 10 && p[0].name != NULL);
	return (0);
}
END
	# shellcheck disable=SC2046
	atf_check cc -Wall -Wextra -Werror -pedantic -std=c11 -o a a.c $(
	    PKG_CONFIG_SYSROOT_DIR=$d PKG_CONFIG_PATH=$d$libdir/pkgconfig \
	    pkg-config --cflags --libs libioc)
	atf_check -o match:'^[0-9]+[.][0-9]+[.][0-9]+ 1$' \
	    env LD_LIBRARY_PATH="$d$libdir" ./a
	echo '#include <ioc.h>' >b.cc
	if command -v c++ >/dev/null; then
		atf_check c++ -fsyntax-only -Wall -Wextra -Werror \
		    -I "$d$prefix/include" b.cc
	fi
	atf_check -o match:'^ioc [0-9]' \
	    env LD_LIBRARY_PATH="$d$libdir" "$d$prefix/bin/ioc" version
	# The library itself needs no more than it says.
	if command -v readelf >/dev/null && [ "$(uname -s)" = Linux ]; then
		readelf -d "$d$libdir/libioc.so" >needed
		atf_check -s exit:1 grep -E \
		    'NEEDED.*(curl|archive|crypto|ssl)' needed
	fi
}

atf_init_test_cases()
{
	atf_add_test_case files
	atf_add_test_case use
}
