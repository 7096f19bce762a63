/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "conf/prop.h"
#include "safe/name.h"

static void
check_row(const struct ioc_prop *p)
{
	auto_free char *normal = NULL;
	struct ioc_error err = { 0 };

	assert_true(p->help != NULL && strlen(p->help) > 10);
	assert_true(strlen(p->help) < 80 && strchr(p->help, '\n') == NULL);
	assert_true(p->systems != 0 && (p->systems & ~IOC_ON_ALL) == 0);
	assert_int_equal(p->choices != NULL, p->type == IOC_PROP_CHOICE);
	if (p->type == IOC_PROP_INT || p->type == IOC_PROP_SIZE)
		assert_true(p->min < p->max);
	if (strstr(p->name, ".*") != NULL)
		return;
	assert_int_equal(ioc_name_check(IOC_NAME_PROPERTY, p->name, NULL), 0);
	/* A default is a value like any other, and in normal form. */
	if ((p->systems & ioc_prop_this_system) != 0) {
		if (ioc_prop_check(p->name, p->fallback, &normal, &err) != 0)
			fail_msg("default of %s", err.msg);
		assert_string_equal(normal, p->fallback);
	}
}

static void
test_table(void **state)
{
	size_t n, m;
	const struct ioc_prop *t = ioc_prop_table(&n);
	const struct ioc_prop *c = ioc_prop_computed_table(&m);

	assert_true(n > 40 && m > 5);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(t[i - 1].name, t[i].name) >= 0)
			fail_msg("%s is not sorted", t[i].name);
		check_row(&t[i]);
		assert_ptr_equal(ioc_prop_find(t[i].name), &t[i]);
		assert_null(ioc_prop_computed(t[i].name));
	}
	for (size_t i = 0; i < m; i++) {
		if (i > 0 && strcmp(c[i - 1].name, c[i].name) >= 0)
			fail_msg("%s is not sorted", c[i].name);
		assert_ptr_equal(ioc_prop_computed(c[i].name), &c[i]);
		assert_null(ioc_prop_find(c[i].name));
	}
	assert_true(ioc_prop_this_system == IOC_ON_LINUX ||
	    ioc_prop_this_system == IOC_ON_FREEBSD);
}

static void
test_table__limits(void **state)
{
	static const char *const names[] = { "cputime", "datasize", "stacksize",
		"coredumpsize", "memoryuse", "memorylocked", "maxproc",
		"openfiles", "vmemoryuse", "pseudoterminals", "swapuse",
		"nthr", "msgqqueued", "msgqsize", "nmsgq", "nsem", "nsemop",
		"nshm", "shmsize", "wallclock", "pcpu", "readbps", "writebps",
		"readiops", "writeiops" };
	size_t n, limits = 0;
	const struct ioc_prop *t = ioc_prop_table(&n);

	for (size_t i = 0; i < n; i++)
		limits += t[i].type == IOC_PROP_LIMIT;
	assert_int_equal(limits, sizeof(names) / sizeof(*names));
	for (size_t i = 0; i < limits; i++)
		assert_int_equal(ioc_prop_find(names[i])->type, IOC_PROP_LIMIT);
}

/* What a tenant may set can neither run code on the host nor widen the jail. */
static void
test_table__tenants(void **state)
{
	static const char *const tenants[] = { "exec_start", "exec_stop",
		"host_domainname", "host_hostname", "notes", "tags", "user.*",
		NULL };
	size_t n;
	const struct ioc_prop *t = ioc_prop_table(&n);

	for (size_t i = 0; i < n; i++) {
		bool listed = false;

		for (size_t k = 0; tenants[k] != NULL; k++)
			listed = listed || strcmp(tenants[k], t[i].name) == 0;
		if (listed != (t[i].scope == IOC_SCOPE_TENANT))
			fail_msg("%s: wrong scope", t[i].name);
	}
}

static void
test_find(void **state)
{
	assert_string_equal(ioc_prop_find("user.x")->name, "user.*");
	assert_string_equal(ioc_prop_find("user.a.b")->name, "user.*");
	assert_string_equal(ioc_prop_find("jail.allow.nfsd")->name, "jail.*");
	assert_null(ioc_prop_find("jail."));
	for (const char **s = (const char *[]){ "", "user", "user.", "boo",
	    "boott", "BOOT", "boot ", "host.hostname", "name", "*", NULL };
	    *s != NULL; s++)
		assert_null(ioc_prop_find(*s));
	assert_string_equal(ioc_prop_computed("uuid")->name, "name");
}

static int
check(const char *name, const char *value, const char *want)
{
	auto_free char *normal = NULL;
	int r = ioc_prop_check(name, value, &normal, NULL);

	if (r == 0)
		assert_string_equal(normal, want);
	return (r);
}

static void
test_check(void **state)
{
	assert_int_equal(check("boot", "on", "yes"), 0);
	assert_int_equal(check("user.color", "none", "none"), 0);
	assert_int_equal(check("notes", "two\nlines", "two\nlines"), 0);
	assert_int_equal(check("tags", "a,b,a", "a,b"), 0);
	assert_int_equal(check("depends", "db,cache", "db,cache"), 0);
	assert_int_equal(check("release", "main/14.2-RELEASE",
	    "main/14.2-RELEASE"), 0);
	assert_int_equal(check("host_hostname", "web.example.org",
	    "web.example.org"), 0);
	assert_int_equal(check("host_hostuuid",
	    "A81bc81b-dead-4e5d-abff-90865d1e13b1",
	    "A81bc81b-dead-4e5d-abff-90865d1e13b1"), 0);
	assert_int_equal(check("exec_start", "/bin/sh /etc/rc",
	    "/bin/sh /etc/rc"), 0);
	assert_int_equal(check("nosuch", "1", NULL), IOC_NOT_FOUND);
	assert_int_equal(check("", "1", NULL), IOC_NOT_FOUND);
	assert_int_equal(check("state", "running", NULL), IOC_INVALID);
	assert_int_equal(check("id", "x", NULL), IOC_INVALID);
	assert_int_equal(check("user.*", "x", NULL), IOC_INVALID);
	assert_int_equal(check("user.a b", "x", NULL), IOC_INVALID);
	assert_int_equal(check("user.\033", "x", NULL), IOC_INVALID);
	assert_int_equal(check("host_hostname", "a b", NULL), IOC_INVALID);
	assert_int_equal(check("host_hostname", "../x", NULL), IOC_INVALID);
	assert_int_equal(check("host_hostuuid", "x", NULL), IOC_INVALID);
	assert_int_equal(check("host_hostuuid",
	    "a81bc81b-dead-4e5d-abff-90865d1e13bg", NULL), IOC_INVALID);
	assert_int_equal(check("release", "a/b/c", NULL), IOC_INVALID);
	assert_int_equal(check("release", "/b", NULL), IOC_INVALID);
	assert_int_equal(check("release", "..", NULL), IOC_INVALID);
	assert_int_equal(check("depends", "a/../b", NULL), IOC_INVALID);
	assert_int_equal(check("tags", "a,b\nc", NULL), IOC_INVALID);
	assert_int_equal(check("exec_stop", "a\nb", NULL), IOC_INVALID);
	assert_int_equal(check("exec_timeout", "0", NULL), IOC_INVALID);
	assert_int_equal(check("priority", "", NULL), IOC_INVALID);
}

/* The longest that the kernel takes, and one byte more. */
static void
test_check__host_name_length(void **state)
{
	static const char label[] = "abcdefghi.abcdefghi.abcdefghi.abcdefghi."
	    "abcdefghi.abcdefghi.abcd";
	static const char *const names[] = { "host_hostname",
	    "host_domainname" };
	char longer[sizeof(label) + 1];
	int want = ioc_prop_hostname_max == 64 ? IOC_INVALID : 0;

	assert_int_equal(strlen(label), 64);
	(void)snprintf(longer, sizeof(longer), "%se", label);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(check(names[i], label, label), 0);
		assert_int_equal(check(names[i], longer, longer), want);
	}
}

/* A property of another system is refused, not taken without effect. */
static void
test_check__systems(void **state)
{
	bool here = ioc_prop_this_system == IOC_ON_LINUX;

	assert_int_equal(check("userns", "off", "off"),
	    here ? 0 : IOC_UNSUPPORTED);
	assert_int_equal(check("userns", "nothing", NULL),
	    here ? IOC_INVALID : IOC_UNSUPPORTED);
}

/* A parameter of the kernel by its own name, where no property sets it. */
static void
test_check__parameters(void **state)
{
	if (ioc_prop_this_system != IOC_ON_FREEBSD) {
		assert_int_equal(check("jail.allow.nfsd", "yes", NULL),
		    IOC_UNSUPPORTED);
		return;
	}
	assert_int_equal(check("jail.allow.nfsd", "yes", "yes"), 0);
	assert_int_equal(check("jail.ip4", "inherit", "inherit"), 0);
	for (const char *const *s = (const char *const[]){ "jail.path",
	    "jail.name", "jail.persist", "jail.parent", "jail.jid",
	    "jail.allow.mlock", "jail.children.max", "jail.sysvshm",
	    "jail.vnet", "jail.devfs_ruleset", "jail.a b", "jail.../x", NULL };
	    *s != NULL; s++)
		assert_int_equal(check(*s, "1", NULL), IOC_INVALID);
	assert_int_equal(check("jail.ip4", "in\nherit", NULL), IOC_INVALID);
}

UNIT_MAIN(
	cmocka_unit_test(test_table),
	cmocka_unit_test(test_table__limits),
	cmocka_unit_test(test_table__tenants),
	cmocka_unit_test(test_find),
	cmocka_unit_test(test_check),
	cmocka_unit_test(test_check__host_name_length),
	cmocka_unit_test(test_check__systems),
	cmocka_unit_test(test_check__parameters))
