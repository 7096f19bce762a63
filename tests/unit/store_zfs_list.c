/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listings as zfs(8) and zpool(8) print them with -H: of zfs-fuse 0.7, whose
 * format OpenZFS 2.1, 2.2 and 2.3 have kept, and of those where they add rows.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "store/zfs_list.h"

struct seen {
	struct ioc_buf	text;
	size_t		columns;
	size_t		stop;		/* after so many rows, 0: never */
	size_t		n;
};

static int
on_row(const char *const *field, void *arg, struct ioc_error *err)
{
	struct seen *s = arg;

	for (size_t i = 0; i < s->columns; i++)
		(void)ioc_buf_addf(&s->text, "[%s]", field[i]);
	(void)ioc_buf_addc(&s->text, '\n');
	return (++s->n == s->stop ? IOC_CANCELED : 0);
}

/* The code, and the rows that came before it. */
static int
parse(const char *text, size_t len, size_t columns, size_t stop, char **rows)
{
	auto_free char *copy = malloc(len + 1);
	struct seen s = { .text = IOC_BUF(1024 * 1024), .columns = columns,
		.stop = stop };
	int r;

	memcpy(copy, text, len);
	copy[len] = '\0';
	r = ioc_zfs_rows(copy, len, columns, on_row, &s, NULL);
	(void)ioc_buf_adds(&s.text, "");
	*rows = ioc_buf_take(&s.text);
	return (r);
}

static void
good(const char *text, size_t columns, const char *want)
{
	auto_free char *rows = NULL;

	assert_int_equal(parse(text, strlen(text), columns, 0, &rows), 0);
	assert_string_equal(rows, want);
}

static void
bad(const char *text, size_t len, size_t columns, int code)
{
	auto_free char *rows = NULL;

	assert_int_equal(parse(text, len, columns, 0, &rows), code);
}

/* --- as recorded ---------------------------------------------------------------- */

static void
test_list(void **state)
{
	/* zfs list -H -r -d 1 -t filesystem -o name,mounted */
	good("zroot/iocage/jails\tyes\n"
	    "zroot/iocage/jails/db.example\tyes\n"
	    "zroot/iocage/jails/web\tno\n", 2,
	    "[zroot/iocage/jails][yes]\n"
	    "[zroot/iocage/jails/db.example][yes]\n"
	    "[zroot/iocage/jails/web][no]\n");
	/* zfs list -H -r -t filesystem -o name,origin; a name with a space */
	good("tank\t-\n"
	    "tank/my data\t-\n"
	    "tank/iocage/jails/web/root\t"
	    "tank/iocage/releases/14.2-RELEASE/p0/root@p0\n", 2,
	    "[tank][-]\n[tank/my data][-]\n[tank/iocage/jails/web/root]"
	    "[tank/iocage/releases/14.2-RELEASE/p0/root@p0]\n");
	/* zfs list -H -r -d 1 -t snapshot -s creation -o name */
	good("tank/iocage/releases/12.1-RELEASE/root@p0\n"
	    "tank/iocage/releases/12.1-RELEASE/root@p10\n", 1,
	    "[tank/iocage/releases/12.1-RELEASE/root@p0]\n"
	    "[tank/iocage/releases/12.1-RELEASE/root@p10]\n");
	/* nothing to list: "no datasets available" goes to stderr */
	good("", 1, "");
}

static void
test_get(void **state)
{
	/* zfs get -H -p -r -d 1 -o name,value used: snapshots have rows, too */
	good("tank/iocage/jails\t1099511627776\n"
	    "tank/iocage/jails@auto-2024-05-01\t0\n"
	    "tank/iocage/jails/web\t114688\n", 2,
	    "[tank/iocage/jails][1099511627776]\n"
	    "[tank/iocage/jails@auto-2024-05-01][0]\n"
	    "[tank/iocage/jails/web][114688]\n");
	/* zfs get -H -o name,value,source org.freebsd.ioc:active */
	good("tank\tyes\tlocal\nbackup\tyes\treceived\nboot\t-\t-\n"
	    "old\tyes\tinherited from tank\n", 3,
	    "[tank][yes][local]\n[backup][yes][received]\n[boot][-][-]\n"
	    "[old][yes][inherited from tank]\n");
	/* zpool list -H -o name,health */
	good("tank\tONLINE\nboot\tDEGRADED\nusb\tUNAVAIL\nx\tSUSPENDED\n", 2,
	    "[tank][ONLINE]\n[boot][DEGRADED]\n[usb][UNAVAIL]\n"
	    "[x][SUSPENDED]\n");
}

/* --- as it may not be -------------------------------------------------------------- */

#define	BAD(text, columns)	bad(text, sizeof(text) - 1, columns, IOC_FORMAT)

static void
test_malformed(void **state)
{
	char line[IOC_ZFS_LINE + 3];

	BAD("tank\tyes", 2);		/* it was cut */
	BAD("tank\n", 2);
	BAD("tank\tyes\tmore\n", 2);
	BAD("tank\t\n", 2);
	BAD("\tyes\n", 2);
	BAD("\n", 1);
	BAD("tank\tyes\n\ntank\tyes\n", 2);
	BAD("tank\t\tyes\n", 2);
	BAD("tank\tyes\r\n", 2);
	BAD("ta\033nk\tyes\n", 2);
	BAD("ta\177nk\tyes\n", 2);
	BAD("ta\303\244nk\tyes\n", 2);
	BAD("tank\0\tyes\n", 2);
	BAD("tank\tyes\0\n", 2);
	memset(line, 'x', sizeof(line));
	line[IOC_ZFS_LINE] = '\n';
	bad(line, IOC_ZFS_LINE + 1, 1, 0);
	line[IOC_ZFS_LINE] = 'x';
	line[IOC_ZFS_LINE + 1] = '\n';
	bad(line, IOC_ZFS_LINE + 2, 1, IOC_LIMIT);
}

static void
test_stop(void **state)
{
	const char *text = "a\nb\nc\n";
	auto_free char *rows = NULL;

	assert_int_equal(parse(text, strlen(text), 1, 2, &rows), IOC_CANCELED);
	assert_string_equal(rows, "[a]\n[b]\n");
}

static void
test_fields(void **state)
{
	uint64_t n;
	bool b;

	assert_int_equal(ioc_zfs_bool("yes", &b, NULL), 0);
	assert_true(b);
	assert_int_equal(ioc_zfs_bool("no", &b, NULL), 0);
	assert_false(b);
	for (const char **v = (const char *[]){ "-", "on", "YES", "", "yes ",
	    NULL }; *v != NULL; v++)
		assert_int_equal(ioc_zfs_bool(*v, &b, NULL), IOC_FORMAT);
	assert_int_equal(ioc_zfs_number("18446744073709551615", &n, NULL), 0);
	assert_true(n == UINT64_MAX);
	for (const char **v = (const char *[]){ "-", "112K", "1.5G", "-1", "",
	    "18446744073709551616", "0x10", " 1", NULL }; *v != NULL; v++)
		assert_int_equal(ioc_zfs_number(*v, &n, NULL), IOC_FORMAT);
	assert_string_equal(ioc_zfs_beneath("a/b/c", "a/b"), "c");
	assert_string_equal(ioc_zfs_beneath("a/b/c@d", "a"), "b/c@d");
	assert_null(ioc_zfs_beneath("a/b", "a/b"));
	assert_null(ioc_zfs_beneath("a/bc", "a/b"));
	assert_null(ioc_zfs_beneath("a/b@c", "a/b"));
	assert_null(ioc_zfs_beneath("b/a/b/c", "a/b"));
}

UNIT_MAIN(
	cmocka_unit_test(test_list),
	cmocka_unit_test(test_get),
	cmocka_unit_test(test_malformed),
	cmocka_unit_test(test_stop),
	cmocka_unit_test(test_fields))
