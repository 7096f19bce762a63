/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both stages run of pkg(8), in jails: text that is the same for every root,
 * with nothing put into it.
 */
#include "dist/pkgbase.h"

#define	U	IOC_DIST_UPDATES
#define	S	IOC_DIST_SCRATCH

/*
 * Stage one.  The database is a copy of the root's; of the repository only what
 * its signature covers is taken, and of what is fetched only what has the sum
 * that is written there.  What is in a package is asked of it before any of its
 * scripts has run.  With -q the last that pkg says is the reason why it failed.
 */
const char ioc_pkgbase_fetch[] =
    "set -eu\n"
    "umask 022\n"
    "cd " U "\n"
    "mkdir db cache tmp repo state\n"
    "pkg()\n"
    "{\n"
    "	/usr/local/sbin/pkg-static -C " U "/fetch.conf \"$@\"\n"
    "}\n"
    "for f in local.sqlite local.sqlite-journal local.sqlite-wal; do\n"
    "	[ ! -f " IOC_DIST_BASE "/var/db/pkg/$f ] ||\n"
    "	    cp " IOC_DIST_BASE "/var/db/pkg/$f db/$f\n"
    "done\n"
    "pkg query -g '%n %v' 'FreeBSD-*' >state/installed\n"
    "pkg update -f -q\n"
    "pkg rquery -U -g '%n %v' 'FreeBSD-*' >state/catalogue\n"
    "pkg upgrade -U -F -y\n"
    ": >state/packages\n"
    ": >state/files\n"
    "find cache -type f >tmp/list\n"
    "while read -r f; do\n"
    "	mv \"$f\" repo/\n"
    "	f=repo/${f##*/}\n"
    "	pkg query -F \"$f\" '%n %v' >>state/packages\n"
    "	pkg query -F \"$f\" '%n %Fs %Fp' >>state/files\n"
    "done <tmp/list\n"
    "[ ! -s state/packages ] || pkg repo repo\n"
    "rm -rf db cache tmp\n"
    ": >state/complete\n";

/*
 * Stage two.  pkg(8) is copied, as nothing can be run where it lies, and works on
 * a copy of the database: what it keeps of this repository beside it would be
 * taken for FreeBSD's by the next who asks for updates there.
 */
const char ioc_pkgbase_apply[] =
    "set -eu\n"
    "umask 022\n"
    "cd " S "\n"
    "mkdir db cache\n"
    "for f in local.sqlite local.sqlite-journal local.sqlite-wal; do\n"
    "	[ ! -f /var/db/pkg/$f ] || cp /var/db/pkg/$f db/$f\n"
    "done\n"
    "cp " U "/" IOC_PKGBASE_PKG " /" IOC_PKGBASE_TEMP "\n"
    "chmod 755 /" IOC_PKGBASE_TEMP "\n"
    "pkg()\n"
    "{\n"
    "	/" IOC_PKGBASE_TEMP " -C " U "/apply.conf \"$@\"\n"
    "}\n"
    "pkg update -f -q\n"
    "pkg upgrade -U -y\n"
    "pkg query -g '%n %v' 'FreeBSD-*' >installed\n"
    "cp db/local.sqlite /var/db/pkg/local.sqlite.new\n"
    "rm -f /var/db/pkg/local.sqlite-journal /var/db/pkg/local.sqlite-wal"
    " /var/db/pkg/local.sqlite-shm\n"
    "mv /var/db/pkg/local.sqlite.new /var/db/pkg/local.sqlite\n"
    "rm /" IOC_PKGBASE_TEMP "\n";

const char *const ioc_pkgbase_argv[] = {
	"/bin/sh", U "/" IOC_PKGBASE_APPLY, NULL
};
const char *const ioc_pkgbase_env[] = {
	"PATH=/sbin:/bin:/usr/sbin:/usr/bin", "HOME=/", "TERM=dumb", "LC_ALL=C",
	NULL
};
