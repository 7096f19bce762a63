/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include "safe/name.h"
#include "safe/proc.h"
#include "safe/tree.h"

#define	TEN	"aaaaaaaaaa"
#define	HUNDRED	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* What people have tried to smuggle in through names. */
static const char *const hostile[] = {
	"", " ", ".", "..", "/", "a/b", "../../etc", "./a", "a/..", "-x",
	"--help", "-rf", "a;id", "a|id", "a&id", "a&&id", "$(id)", "`id`",
	"${IFS}id", "a b", "a\tb", "a\nb", "a\rb", "\na", "a\n", "'", "\"",
	"a'b", "a\"b", "\\", "a\\b", "*", "?", "[a]", "{a,b}", "~", "~root",
	"!", "#a", "a#b", "%s%n", "%2e%2e", "a%00", "a@b", "a=b", "a,b", "a>b",
	"a<b", "(a)", "a^b", "\x01", "a\x1b[2J", "a\x7f", "\xff\xfe",
	"\xc0\xaf", "\xe2\x80\xae" "gpj", "\xef\xbc\x8f", "\xc2\xa0",
	HUNDRED HUNDRED HUNDRED,
};

static void
test_attack_35__no_kind_lets_them_through(void **state)
{
	/* All that is a name somewhere in a command, a rule or a table. */
	static const enum ioc_name strict[] = {
		IOC_NAME_JAIL, IOC_NAME_RELEASE, IOC_NAME_SOURCE,
		IOC_NAME_SNAPSHOT, IOC_NAME_PROPERTY, IOC_NAME_USER,
		IOC_NAME_HOSTNAME, IOC_NAME_INTERFACE, IOC_NAME_ENV,
		IOC_NAME_SET,
	};
	struct ioc_error err;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		for (size_t k = 0; k < sizeof(strict) / sizeof(*strict); k++) {
			err.msg[0] = '\0';
			if (ioc_name_check(strict[k], hostile[i], &err) == 0)
				fail_msg("kind %d takes \"%s\"",
				    (int)strict[k], hostile[i]);
			/* And the sentence itself does no harm to a terminal. */
			for (const char *p = err.msg; *p != '\0'; p++)
				assert_true((unsigned char)*p >= 0x20 &&
				    *p != 0x7f);
		}
		/* A dataset is the one kind with slashes. */
		if (strcmp(hostile[i], "a/b") != 0)
			assert_int_not_equal(ioc_name_check(IOC_NAME_DATASET,
			    hostile[i], NULL), 0);
	}
}

/* The twin hands a name to a shell, and pastes another into a path. */
static void
test_attack_35__twin_runs_and_escapes(void **state)
{
	const char *name = "x$(touch pwned)";
	auto_tmp struct tmp t;
	struct ioc_error err;
	char cmd[256], path[256];

	tmp_open(&t);
	(void)snprintf(cmd, sizeof(cmd), "cd %s && : %s", t.path, name);
	assert_int_equal(TMP_RUN("sh", "-c", cmd), 0);
	assert_true(tmp_exists(t.fd, "pwned"));
	assert_int_equal(ioc_name_check(IOC_NAME_JAIL, name, &err),
	    IOC_INVALID);

	tmp_mkdir(t.fd, "jails");
	(void)snprintf(path, sizeof(path), "%s/jails/%s", t.path, "../pwned");
	assert_int_equal(unlink(path), 0);
	assert_false(tmp_exists(t.fd, "pwned"));
	tmp_write(t.fd, "pwned", PRECIOUS);
	assert_int_equal(ioc_name_check(IOC_NAME_JAIL, "../pwned", &err),
	    IOC_INVALID);
}

/* Even without a judge, an argument stays one argument. */
static void
test_attack_36__arguments_are_never_parsed(void **state)
{
	struct ioc_buf out = IOC_BUF(4096);
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;

	p.path = "/usr/bin/printf";
	if (access(p.path, X_OK) != 0)
		p.path = "/bin/printf";
	p.out = &out;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		const char *const argv[] = {
			"printf", "%s", hostile[i], NULL,
		};

		p.argv = argv;
		ioc_buf_clear(&out);
		if (ioc_proc_check(&p, &err) != 0)
			fail_msg("%s", err.msg);
		assert_string_equal(ioc_buf_str(&out), hostile[i]);
	}
	ioc_buf_fini(&out);
}

/* Reserved words and numbers, which jail(8) would take for something else. */
static void
test_attack_35__numbers_and_reserved_words(void **state)
{
	static const char *const names[] = { "0", "1", "42", "007", "defaults" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(ioc_name_check(IOC_NAME_JAIL, names[i], NULL),
		    IOC_INVALID);
}

static void
test_attack_35__a_tree_is_one_component(void **state)
{
	auto_tmp struct tmp t;
	int jails;

	tmp_open(&t);
	tmp_mkdir(t.fd, "jails");
	tmp_write(t.fd, "precious", PRECIOUS);
	jails = openat(t.fd, "jails", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ioc_tree_remove(jails, "../precious", NULL),
	    IOC_INVALID);
	assert_int_equal(ioc_tree_remove(jails, "..", NULL), IOC_INVALID);
	assert_int_equal(ioc_tree_remove(jails, ".", NULL), IOC_INVALID);
	assert_true(tmp_exists(t.fd, "precious"));
	/* The twin. */
	assert_int_equal(unlinkat(jails, "../precious", 0), 0);
	(void)close(jails);
}

UNIT_MAIN(
	cmocka_unit_test(test_attack_35__no_kind_lets_them_through),
	cmocka_unit_test(test_attack_35__twin_runs_and_escapes),
	cmocka_unit_test(test_attack_35__numbers_and_reserved_words),
	cmocka_unit_test(test_attack_35__a_tree_is_one_component),
	cmocka_unit_test(test_attack_36__arguments_are_never_parsed))
