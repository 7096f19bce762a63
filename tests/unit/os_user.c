/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "os/user.h"

static const char passwd[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a comment:x:1:1:::\n"
    "+nis:x:2:2:::/bin/sh\n"
    "short:x:3:3\n"
    "long:x:4:4:a:/:/bin/sh:more\n"
    ":x:5:5:::\n"
    "minus:x:-1:6::/:/bin/sh\n"
    "all:x:4294967295:7::/:/bin/sh\n"
    "huge:x:99999999999:7::/:/bin/sh\n"
    "www:x:33:34:www:/var/www:/usr/sbin/nologin\n"
    "www:x:0:0:twice:/root:/bin/sh\n"
    "rel:x:40:40::home:sh\n"
    "0777:x:0:0::/:/bin/sh\n"
    "last:x:50:51::/last:/bin/last";

static bool
find(const char *who, struct ioc_user *u)
{
	return (ioc_user_find(passwd, sizeof(passwd) - 1, who, u));
}

static void
test_names(void **state)
{
	struct ioc_user u;

	assert_true(find("root", &u));
	assert_int_equal(u.uid, 0);
	assert_string_equal(u.home, "/root");
	assert_string_equal(u.shell, "/bin/bash");
	assert_true(find("www", &u));
	assert_int_equal(u.uid, 33);
	assert_int_equal(u.gid, 34);
	assert_true(find("last", &u));
	assert_int_equal(u.gid, 51);
	assert_string_equal(u.shell, "/bin/last");
	/* Not absolute: not believed. */
	assert_true(find("rel", &u));
	assert_string_equal(u.home, "/");
	assert_string_equal(u.shell, "/bin/sh");
	for (const char **s = (const char *[]){ "nobody", "", "# a comment",
	    "+nis", "short", "long", "minus", "all", "huge", "roo", "root:x",
	    "ww", NULL }; *s != NULL; s++)
		assert_false(find(*s, &u));
}

static void
test_numbers(void **state)
{
	struct ioc_user u;

	assert_true(find("33", &u));
	assert_string_equal(u.name, "www");
	assert_true(u.known);
	/* Digits are never a name, so this is 777 and not 0. */
	assert_true(find("0777", &u));
	assert_int_equal(u.uid, 777);
	assert_false(u.known);
	assert_true(find("1234", &u));
	assert_int_equal(u.uid, 1234);
	assert_int_equal(u.gid, 1234);
	assert_string_equal(u.home, "/");
	assert_string_equal(u.shell, "/bin/sh");
	assert_true(ioc_user_find(NULL, 0, "0", &u));
	assert_false(ioc_user_find(NULL, 0, "root", &u));
	assert_false(find("4294967295", &u));
	assert_false(find("99999999999999999999", &u));
}

static void
test_fields_too_long(void **state)
{
	char text[4096];
	struct ioc_user u;

	(void)snprintf(text, sizeof(text), "a:x:1:1::/%0600d:/bin/sh\n"
	    "b:x:2:2::/:/%0600d\n%0100d:x:3:3::/:/bin/sh\n"
	    "c:x:4:4::/:/bin/sh\n", 0, 0, 0);
	assert_false(ioc_user_find(text, strlen(text), "a", &u));
	assert_false(ioc_user_find(text, strlen(text), "b", &u));
	assert_true(ioc_user_find(text, strlen(text), "c", &u));
	/* A NUL in a field cuts nothing. */
	assert_false(ioc_user_find("d\0e:x:1:1::/:/bin/sh\n", 21, "d", &u));
}

static void
test_groups(void **state)
{
	static const char group[] = "root:x:0:\nwww:x:34:www\n"
	    "a:x:100:www\nb:x:101:ww,wwww,xwww\nc:x:102:x,www,y\n"
	    "#d:x:103:www\ne:x:104\nf:x:zz:www\na2:x:100:www\ng:x:105:,www";
	struct ioc_user u;
	char many[8192] = "";
	size_t len = 0;

	assert_true(find("www", &u));
	ioc_user_groups(group, sizeof(group) - 1, &u);
	assert_int_equal(u.ngroups, 3);
	assert_int_equal(u.groups[0], 100);
	assert_int_equal(u.groups[1], 102);
	assert_int_equal(u.groups[2], 105);
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
		    "g%d:x:%d:www\n", i, 1000 + i);
	assert_true(find("www", &u));
	ioc_user_groups(many, len, &u);
	assert_int_equal(u.ngroups, IOC_USER_GROUPS);
	/* A number that no line has is in no group. */
	assert_true(find("1234", &u));
	ioc_user_groups("a:x:1:1234\n", 11, &u);
	assert_int_equal(u.ngroups, 0);
}

UNIT_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_fields_too_long), cmocka_unit_test(test_groups))
