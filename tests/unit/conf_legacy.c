/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "conf/legacy.h"

static struct ioc_conf *
parse(const char *text)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_conf *c = NULL;

	if (ioc_conf_parse(text, strlen(text), &c, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	return (c);
}

/* One key of a configuration, and what another one is after it was read. */
static void
means(const char *key, const char *value, const char *other, const char *want)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;

	assert_int_equal(ioc_conf_new(&c, NULL), 0);
	assert_int_equal(ioc_conf_set(c, key, value, NULL), 0);
	/* Once and again: it is what it is. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ioc_legacy_read(c, NULL), 0);
		if (want == NULL)
			assert_null(ioc_conf_get(c, other));
		else
			assert_string_equal(ioc_conf_get(c, other), want);
	}
}

static void
test_values(void **state)
{
	means("boot", "on", "boot", "yes");
	means("boot", "0", "boot", "no");
	means("maxproc", "off", "maxproc", "-");
	means("memoryuse", "8g:log", "memoryuse", "log=8G");
	means("priority", "99", "priority", "99");
	/* What is not understood is not touched. */
	means("priority", "soon", "priority", "soon");
	means("sysvmsg", "inherit", "sysvmsg", "inherit");
	means("user.a", "on", "user.a", "on");
	means("own.thing", "off", "own.thing", "off");
	means("ip4_addr", "em0|10.0.0.1/24", "ip4_addr", "em0|10.0.0.1/24");
}

static void
test_words(void **state)
{
	means("release", "12.1-RELEASE-p10", "release", "12.1-RELEASE");
	means("release", "12.1-RELEASE-p10", "patch_level", "10");
	means("release", "12.1-RELEASE", "patch_level", NULL);
	means("release", "old-pine", "release", "old-pine");
	means("depends", "db  cache", "depends", "db,cache");
	means("depends", "none", "depends", "-");
	means("type", "template", "template", "yes");
	means("type", "basejail", "basejail", "yes");
	means("type", "jail", "template", NULL);
	means("type", "pluginv2", "type", "pluginv2");
	means("tag", "web, old", "tags", "web\\, old");
	means("tag", "web", "tag", NULL);
	means("id", "aaaaaaaa-0000-0000-0000-000000000000", "id", NULL);
	means("uuid", "x", "uuid", NULL);
	means("resolver", "nameserver 1.1.1.1;search example.org", "resolver",
	    "nameserver 1.1.1.1;search example.org");
	means("resolver", "1.1.1.1,2001:db8::1", "resolver",
	    "nameserver 1.1.1.1;nameserver 2001:db8::1");
	means("resolver", "1.1.1.1;8.8.8.8", "resolver",
	    "nameserver 1.1.1.1;nameserver 8.8.8.8");
	means("resolver", "/etc/resolv.conf", "resolver", "/etc/resolv.conf");
	means("resolver", "/dev/null", "resolver", "-");
	means("resolver", "none", "resolver", "-");
}

/* The switch counts, and what was said of ours before wins. */
static void
test_together(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *a = parse(
	    "{\"rlimits\":\"off\",\"maxproc\":\"5\",\"openfiles\":\"9\"}");
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *b = parse(
	    "{\"rlimits\":\"on\",\"maxproc\":\"5\"}");
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse(
	    "{\"type\":\"template\",\"template\":\"no\",\"tag\":\"x\","
	    "\"tags\":\"y\",\"release\":\"9.3-RELEASE-p5\",\"patch_level\":"
	    "\"7\"}");

	assert_int_equal(ioc_legacy_read(a, NULL), 0);
	assert_null(ioc_conf_get(a, "maxproc"));
	assert_null(ioc_conf_get(a, "openfiles"));
	assert_int_equal(ioc_legacy_read(b, NULL), 0);
	assert_string_equal(ioc_conf_get(b, "maxproc"), "5");
	assert_int_equal(ioc_legacy_read(c, NULL), 0);
	assert_string_equal(ioc_conf_get(c, "template"), "no");
	assert_string_equal(ioc_conf_get(c, "tags"), "y");
	assert_string_equal(ioc_conf_get(c, "patch_level"), "7");
}

static void
test_whose(void **state)
{
	static const struct {
		const char	*text;
		bool		 theirs;
	} v[] = {
		{ "{\"CONFIG_VERSION\":\"34\"}", true },
		{ "{\"hostid\":\"x\"}", true },
		{ "{\"release\":\"12.1-RELEASE\",\"boot\":\"on\"}", false },
		{ "{}", false },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse(v[i].text);

		assert_int_equal(ioc_legacy_is(c), v[i].theirs);
	}
}

static void
test_unmet(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse(
	    "{\"ip4_addr\":\"none\",\"ip6_addr\":\"em0|2001:db8::1/64\","
	    "\"exec_prestart\":\"/usr/bin/true\",\"exec_poststop\":\"rm x\","
	    "\"interfaces\":\"vnet0:bridge0\",\"dhcp\":0,\"nat\":\"1\","
	    "\"cpuset\":\"off\",\"jail_zfs\":\"\"}");
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_legacy_unmet(c, &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b), "exec_poststop, ip6_addr, nat");
}

UNIT_MAIN(cmocka_unit_test(test_values), cmocka_unit_test(test_words),
    cmocka_unit_test(test_together), cmocka_unit_test(test_whose),
    cmocka_unit_test(test_unmet))
