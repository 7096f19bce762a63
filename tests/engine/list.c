/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists: of many jails, and of those whose configuration is damaged. */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ioc/jail.h"

#define	MANY	400	/* enough for them to be read by threads */

static const struct {
	const char	*name;
	const char	*text;		/* NULL: what stands there is no file */
} damaged[] = {
	{ "cut", "{\"boot\": \"y" },
	{ "deep", NULL },
	{ "empty", "" },
	{ "fifo", NULL },
	{ "large", NULL },
	{ "link", NULL },
	{ "missing", NULL },
	{ "twice", "{\"boot\":\"yes\",\"boot\":\"yes\"}" },
};
#define	N_DAMAGED	(sizeof(damaged) / sizeof(*damaged))

static void
put_conf(int jails, const char *name, const char *text, size_t len)
{
	auto_fd int dir = -1, fd = -1;

	assert_int_equal(mkdirat(jails, name, 0700), 0);
	dir = openat(jails, name, O_RDONLY | O_DIRECTORY);
	if (text == NULL)
		return;
	fd = openat(dir, "config.json", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static void
put_damaged(int jails)
{
	static char big[2 * 1024 * 1024];

	memset(big, '[', sizeof(big));
	for (size_t i = 0; i < N_DAMAGED; i++) {
		const char *name = damaged[i].name, *text = damaged[i].text;

		if (strcmp(name, "deep") == 0)
			put_conf(jails, name, big, 5000);
		else if (strcmp(name, "large") == 0)
			put_conf(jails, name, big, sizeof(big));
		else
			put_conf(jails, name, text,
			    text != NULL ? strlen(text) : 0);
	}
	assert_int_equal(symlinkat("../m0/config.json", jails,
	    "link/config.json"), 0);
	assert_int_equal(mkfifoat(jails, "fifo/config.json", 0600), 0);
}

static void
check_state(struct ioc_jail *j, bool broken)
{
	struct ioc_error err = { .msg = "" };
	char *state = NULL, *boot = NULL;
	int r;

	assert_int_equal(ioc_jail_get(j, "state", &state, &err), 0);
	if (strcmp(state, broken ? "broken" : "stopped") != 0)
		fail_msg("%s is %s", ioc_jail_name(j), state);
	r = ioc_jail_get(j, "boot", &boot, &err);
	if (broken) {
		assert_int_not_equal(r, 0);
		assert_non_null(strstr(err.msg, ioc_jail_name(j)));
	} else {
		assert_int_equal(r, 0);
		assert_string_equal(boot,
		    strtol(ioc_jail_name(j) + 1, NULL, 10) % 2 == 1 ?
		    "yes" : "no");
	}
	free(state);
	free(boot);
}

static void
test_list__many_and_damaged(void **state)
{
	struct engine *e = *state;
	struct ioc_jail_list *l = NULL;
	struct ioc_error err = { .msg = "" };
	char path[96], name[16];
	auto_fd int jails = -1;
	size_t broken = 0;

	(void)snprintf(path, sizeof(path), "%s/source/jails", e->dir);
	jails = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(jails >= 0);
	for (int i = 0; i < MANY; i++) {
		const char *text = i % 2 == 1 ? "{\"boot\": \"yes\"}" :
		    i % 3 == 0 ? "{\"boot\": false}" : "{}";

		(void)snprintf(name, sizeof(name), "m%d", i);
		put_conf(jails, name, text, strlen(text));
	}
	put_conf(jails, "template", "{\"template\":\"yes\"}", 18);
	put_damaged(jails);
	assert_int_equal(ioc_jail_list(e->host, NULL, &l, &err), 0);
	assert_int_equal(ioc_jail_count(l), MANY + N_DAMAGED);
	for (size_t i = 0; i < ioc_jail_count(l); i++) {
		struct ioc_jail *j = ioc_jail_at(l, i);
		bool bad = ioc_jail_name(j)[0] != 'm' ||
		    strcmp(ioc_jail_name(j), "missing") == 0;

		assert_true(i == 0 || strcmp(ioc_jail_name(
		    ioc_jail_at(l, i - 1)), ioc_jail_name(j)) < 0);
		check_state(j, bad);
		broken += bad;
	}
	assert_int_equal(broken, N_DAMAGED);
	ioc_jail_list_free(l);
}

ENGINE_MAIN(
	ENGINE_TEST(test_list__many_and_damaged))
