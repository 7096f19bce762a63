/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/compat.h"
#include "safe/name.h"

#define	TEN	"aaaaaaaaaa"
#define	SIXTY	TEN TEN TEN TEN TEN TEN
#define	TWO40	SIXTY SIXTY SIXTY SIXTY

struct good {
	enum ioc_name	kind;
	const char	*name;
};

static const struct good goods[] = {
	{ IOC_NAME_JAIL, "web" }, { IOC_NAME_JAIL, "9web-1_a.b" },
	{ IOC_NAME_JAIL, SIXTY "aaa" }, { IOC_NAME_JAIL, "a" },
	{ IOC_NAME_JAIL, "1a" }, { IOC_NAME_JAIL, "default" },
	{ IOC_NAME_RELEASE, "14.2-RELEASE" }, { IOC_NAME_RELEASE, "12" },
	{ IOC_NAME_SOURCE, "main" }, { IOC_NAME_SOURCE, "a-b_c-9" },
	{ IOC_NAME_SNAPSHOT, "2024-01-01_10:00" },
	{ IOC_NAME_SNAPSHOT, ".hidden" }, { IOC_NAME_PROPERTY, "allow.mount" },
	{ IOC_NAME_USER, "_www" }, { IOC_NAME_USER, "host$" },
	{ IOC_NAME_USER, "0" }, { IOC_NAME_USER, "4294967294" },
	{ IOC_NAME_HOSTNAME, "a.example.org" }, { IOC_NAME_HOSTNAME, "9" },
	{ IOC_NAME_HOSTNAME, SIXTY "aaa." SIXTY }, { IOC_NAME_INTERFACE, "em0" },
	{ IOC_NAME_INTERFACE, "eth0.12" }, { IOC_NAME_DATASET, "tank/a:b/c-d" },
	{ IOC_NAME_ENV, "_PATH9" }, { IOC_NAME_SET, "lib32" },
	{ IOC_NAME_SET, "a+b" }, { IOC_NAME_COMPONENT, "a b\n\xff" },
	{ IOC_NAME_COMPONENT, "..." },
	{ IOC_NAME_COMPONENT, TWO40 "aaaaaaaaaaaaaaa" },
};

struct bad {
	enum ioc_name	kind;
	const char	*name;
	const char	*msg;
};

static const struct bad bads[] = {
	{ IOC_NAME_JAIL, "", "jail name is empty" },
	{ IOC_NAME_JAIL, "../x",
	    "jail name \"../x\": may not contain \"/\"" },
	{ IOC_NAME_JAIL, "-x",
	    "jail name \"-x\": must begin with a letter or digit" },
	{ IOC_NAME_JAIL, "a b", "jail name \"a b\": may not contain a space" },
	{ IOC_NAME_JAIL, SIXTY "aaaa", "jail name is longer than 63 bytes" },
	{ IOC_NAME_JAIL, TWO40 TWO40, "jail name is longer than 63 bytes" },
	{ IOC_NAME_JAIL, "a..b", "jail name \"a..b\": may not contain \"..\"" },
	{ IOC_NAME_JAIL, "42", "jail name \"42\": may not be a number" },
	{ IOC_NAME_JAIL, "defaults", "jail name \"defaults\": is reserved" },
	{ IOC_NAME_JAIL, "a\nb",
	    "jail name \"a\\nb\": may not contain \"\\n\"" },
	{ IOC_NAME_JAIL, "a\x1b[m",
	    "jail name \"a\\x1b[m\": may not contain \"\\x1b\"" },
	{ IOC_NAME_JAIL, "a\xff",
	    "jail name \"a\\xff\": may not contain \"\\xff\"" },
	{ IOC_NAME_JAIL, "j\xc3\xa4il",
	    "jail name \"j\xc3\xa4il\": may not contain \"\xc3\xa4\"" },
	{ IOC_NAME_JAIL, "a@b", "jail name \"a@b\": may not contain \"@\"" },
	{ IOC_NAME_JAIL, ".", "jail name \".\": must begin with a letter or "
	    "digit" },
	{ IOC_NAME_RELEASE, "..", "release name \"..\": must begin with a "
	    "letter or digit" },
	{ IOC_NAME_SOURCE, "a--b", "source name \"a--b\": may not contain two "
	    "separators in a row" },
	{ IOC_NAME_SOURCE, "a-", "source name \"a-\": must end with a letter "
	    "or digit" },
	{ IOC_NAME_SNAPSHOT, "-r", "snapshot name \"-r\": must begin with "
	    "anything but \"-\"" },
	{ IOC_NAME_SNAPSHOT, "..", "snapshot name \"..\": is not a name" },
	{ IOC_NAME_SNAPSHOT, "a%b", "snapshot name \"a%b\": may not contain "
	    "\"%\"" },
	{ IOC_NAME_PROPERTY, "Vnet",
	    "property name \"Vnet\": may not contain \"V\"" },
	{ IOC_NAME_PROPERTY, "1a", "property name \"1a\": must begin with a "
	    "lower-case letter" },
	{ IOC_NAME_USER, "9a", "user name \"9a\": must begin with a lower-case "
	    "letter or \"_\", or be a number" },
	{ IOC_NAME_USER, "a$b", "user name \"a$b\": may contain \"$\" only at "
	    "its end" },
	{ IOC_NAME_USER, "4294967295", "user name \"4294967295\": is not a "
	    "number that a user can have" },
	{ IOC_NAME_HOSTNAME, "a..b", "host name \"a..b\": has an empty label" },
	{ IOC_NAME_HOSTNAME, "a.", "host name \"a.\": has an empty label" },
	{ IOC_NAME_HOSTNAME, ".a", "host name \".a\": has an empty label" },
	{ IOC_NAME_HOSTNAME, "a-.b", "host name \"a-.b\": has a label that "
	    "begins or ends with \"-\"" },
	{ IOC_NAME_HOSTNAME, "-a", "host name \"-a\": has a label that begins "
	    "or ends with \"-\"" },
	{ IOC_NAME_HOSTNAME, SIXTY "aaaa", "host name \"" SIXTY "aaaa\": has a "
	    "label longer than 63 bytes" },
	{ IOC_NAME_INTERFACE, "em0/1",
	    "interface name \"em0/1\": may not contain \"/\"" },
	{ IOC_NAME_INTERFACE, "aaaaaaaaaaaaaaaa",
	    "interface name is longer than 15 bytes" },
	{ IOC_NAME_DATASET, "/a", "dataset name \"/a\": has an empty "
	    "component" },
	{ IOC_NAME_DATASET, "a//b", "dataset name \"a//b\": has an empty "
	    "component" },
	{ IOC_NAME_DATASET, "a/", "dataset name \"a/\": has an empty "
	    "component" },
	{ IOC_NAME_DATASET, "a/../b", "dataset name \"a/../b\": has a "
	    "component that is not a name" },
	{ IOC_NAME_DATASET, "a@b",
	    "dataset name \"a@b\": may not contain \"@\"" },
	{ IOC_NAME_DATASET, "-o", "dataset name \"-o\": must begin with a "
	    "letter or digit" },
	{ IOC_NAME_ENV, "A=B", "environment variable name \"A=B\": may not "
	    "contain \"=\"" },
	{ IOC_NAME_COMPONENT, "a/b",
	    "file name \"a/b\": may not contain \"/\"" },
	{ IOC_NAME_COMPONENT, "..", "file name \"..\": is not a name" },
};

static void
test_name__good(void **state)
{
	struct ioc_error err;

	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++)
		if (ioc_name_check(goods[i].kind, goods[i].name, &err) != 0)
			fail_msg("%s: %s", goods[i].name, err.msg);
}

static void
test_name__bad_has_its_sentence(void **state)
{
	struct ioc_error err;

	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		assert_int_equal(ioc_name_check(bads[i].kind, bads[i].name,
		    &err), IOC_INVALID);
		assert_string_equal(err.msg, bads[i].msg);
		assert_int_equal(ioc_name_check(bads[i].kind, bads[i].name,
		    NULL), IOC_INVALID);
	}
}

/* Every byte in every place of a jail name: only what the table says. */
static void
test_name__every_byte(void **state)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";

	for (int c = 1; c < 256; c++) {
		char first[] = { (char)c, 'x', '\0' };
		char later[] = { 'x', (char)c, '\0' };
		bool alnum = strchr(ok, c) != NULL;

		assert_int_equal(ioc_name_check(IOC_NAME_JAIL, first, NULL),
		    alnum ? 0 : IOC_INVALID);
		assert_int_equal(ioc_name_check(IOC_NAME_JAIL, later, NULL),
		    alnum || strchr("_.-", c) != NULL ? 0 : IOC_INVALID);
	}
}

static void
test_name__a_megabyte_is_refused_at_once(void **state)
{
	size_t len = 64 << 20;
	char *name = malloc(len + 1);
	uint64_t start;

	assert_non_null(name);
	memset(name, '-', len);
	name[len] = '\0';
	start = ioc_now_ns();
	for (int kind = 0; kind <= IOC_NAME_COMPONENT; kind++)
		assert_int_equal(ioc_name_check((enum ioc_name)kind, name,
		    NULL), IOC_INVALID);
	assert_true(ioc_now_ns() - start < 5000000);
	free(name);
}

UNIT_MAIN(
	cmocka_unit_test(test_name__good),
	cmocka_unit_test(test_name__bad_has_its_sentence),
	cmocka_unit_test(test_name__every_byte),
	cmocka_unit_test(test_name__a_megabyte_is_refused_at_once))
