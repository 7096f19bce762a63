/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "conf/fstab.h"
#include "conf/prop.h"

#define	auto_fstab	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *

static struct ioc_fstab *
parse(const char *text)
{
	struct ioc_fstab *f = NULL;
	struct ioc_error err;

	if (ioc_fstab_parse(text, strlen(text), &f, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	return (f);
}

static void
prints(const struct ioc_fstab *f, const char *text)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);

	ioc_fstab_print(f, &b);
	assert_string_equal(ioc_buf_str(&b), text);
}

static const char file[] =
    "# Device\tMountpoint\n"
    "\n"
    "/srv/a\\040b\t/data\tnullfs\tro\t0\t0\t# photos # of 2020\n"
    "   /srv/old\\ form /old\\\tx bind rw,nosuid 1 2\n"
    "two fields\n"
    "/usr/bin /usr/bin nullfs ro 0 0 # iocage-auto\n"
    "tmpfs /t tmpfs rw,size=1M\r\n"
    "/a /b nullfs ro 0 0 7\n"
    "/a /b nullfs ro x 0\n"
    "/srv/x /x none rw,bind 0";

static void
test_fstab_parse__fields_and_what_is_kept(void **state)
{
	auto_fstab f = parse(file);
	const struct ioc_fstab_entry *e;
	char text[sizeof(file) + 1];

	assert_int_equal(ioc_fstab_count(f), 4);
	e = ioc_fstab_at(f, 0);
	assert_string_equal(e->source, "/srv/a b");
	assert_string_equal(e->target, "/data");
	assert_string_equal(e->type, "nullfs");
	assert_string_equal(e->options, "ro");
	assert_string_equal(e->comment, "photos # of 2020");
	assert_int_equal(e->line, 3);
	e = ioc_fstab_at(f, 1);
	assert_string_equal(e->source, "/srv/old form");
	assert_string_equal(e->target, "/old\tx");
	assert_int_equal(e->freq, 1);
	assert_int_equal(e->passno, 2);
	assert_null(e->comment);
	e = ioc_fstab_at(f, 2);
	assert_string_equal(e->options, "rw,size=1M");
	assert_int_equal(e->line, 7);
	e = ioc_fstab_at(f, 3);
	assert_string_equal(e->type, "none");
	(void)snprintf(text, sizeof(text), "%s\n", file);
	prints(f, text);
}

static void
test_fstab_edit__the_rest_stays(void **state)
{
	struct ioc_fstab_entry e = { .source = "/srv//x y/.", .target = "/x#" };
	auto_fstab f = parse("# one\n/a /b nullfs ro 0 0 # c\nbad\n");
	struct ioc_error err;

	assert_int_equal(ioc_fstab_add(f, &e, NULL, &err), 0);
	e = (struct ioc_fstab_entry){ .source = "tmpfs", .target = "/t/",
		.type = "tmpfs", .options = "rw,size=64K", .freq = 1,
		.passno = 2, .comment = "two words" };
	assert_int_equal(ioc_fstab_add(f, &e, NULL, &err), 0);
	assert_int_equal(ioc_fstab_add(f, &e, NULL, &err), IOC_EXISTS);
	assert_string_equal(err.msg, "/t is the target of line 5 already");
	prints(f, "# one\n/a /b nullfs ro 0 0 # c\nbad\n"
	    "/srv/x\\040y\t/x#\tnullfs\tro\t0\t0\n"
	    "tmpfs\t/t\ttmpfs\trw,size=64K\t1\t2\t# two words\n");
	assert_int_equal(ioc_fstab_count(f), 3);
	ioc_fstab_remove(f, 0);
	assert_int_equal(ioc_fstab_count(f), 2);
	assert_string_equal(ioc_fstab_at(f, 0)->source, "/srv/x y");
	assert_int_equal(ioc_fstab_at(f, 1)->line, 4);
	ioc_fstab_remove(f, 1);
	ioc_fstab_remove(f, 0);
	prints(f, "# one\nbad\n");
	assert_int_equal(ioc_fstab_add(f, &e, NULL, &err), 0);
	assert_int_equal(ioc_fstab_at(f, 0)->line, 3);
}

struct judged {
	const char	*source, *target, *type, *options;
	int		 code;
	const char	*says;		/* message, or the target when good */
};

static const struct judged lines[] = {
	{ "/srv", "/data", "nullfs", "ro", 0, "/data" },
	{ "/srv", "//data/./x///", "bind", "rw", 0, "/data/x" },
	{ "/srv", "/data", "none", "bind,ro", 0, "/data" },
	{ "tmpfs", "/t", "tmpfs", "size=4M,noexec", 0, "/t" },
	{ "/srv", "/jails/web/root/mnt", "nullfs", "ro", 0, "/mnt" },
	{ "/srv", "/jails/web/root", "nullfs", "ro", 0, "/jails/web/root" },
	{ "/srv", "/jails/web/root2/x", "nullfs", "ro", 0,
	    "/jails/web/root2/x" },
	{ "/srv", "/jails/web/root/../x", "nullfs", "ro", IOC_UNSAFE,
	    "target \"/../x\" has \"..\" in it" },
	{ "/srv", "/a/../../b", "nullfs", "ro", IOC_UNSAFE,
	    "target \"/a/../../b\" has \"..\" in it" },
	{ "/srv/..", "/b", "nullfs", "ro", IOC_UNSAFE,
	    "source \"/srv/..\" has \"..\" in it" },
	{ "/srv/..a/b..", "/..b", "nullfs", "ro", 0, "/..b" },
	{ "/", "/b", "nullfs", "ro", IOC_UNSAFE, "source is \"/\"" },
	{ "/srv", "/./", "nullfs", "ro", IOC_UNSAFE, "target is \"/\"" },
	{ "srv", "/b", "nullfs", "ro", IOC_INVALID,
	    "source \"srv\" is not an absolute path" },
	{ "/srv", "b", "nullfs", "ro", IOC_INVALID,
	    "target \"b\" is not an absolute path" },
	{ "/s\nrv", "/b", "nullfs", "ro", IOC_INVALID,
	    "source \"/s\\nrv\" has a control character" },
	{ "/srv", "/b\x1b[m", "nullfs", "ro", IOC_INVALID,
	    "target \"/b\\x1b[m\" has a control character" },
	{ "/dev/da0", "/b", "ufs", "rw", IOC_INVALID,
	    "type \"ufs\" is not one that a jail can have" },
	{ "none", "/b", "none", "ro", IOC_INVALID,
	    "type \"none\" is not one that a jail can have" },
	{ "/srv", "/b", "nullfs", "dev", IOC_INVALID,
	    "option \"dev\" is not one that a mount in a jail can have" },
	{ "/srv", "/b", "nullfs", "", IOC_INVALID,
	    "option \"\" is not one that a mount in a jail can have" },
	{ "/srv", "/b", "nullfs", "ro,,nosuid", IOC_INVALID,
	    "option \"\" is not one that a mount in a jail can have" },
	{ "/srv", "/b", "nullfs", "ro,rw", IOC_INVALID,
	    "option rw: given twice, or its contrary" },
	{ "/srv", "/b", "nullfs", "ro,size=1", IOC_INVALID,
	    "size= is for tmpfs, and once" },
	{ "tmpfs", "/b", "tmpfs", "size=0", IOC_INVALID, "size=0" },
	{ "tmpfs", "/b", "tmpfs", "idmap", IOC_INVALID, "idmap is for nullfs" },
	{ "tmpfs", "/b", "tmpfs", "shared", IOC_INVALID,
	    "shared is for nullfs" },
	{ "/a", "/b", "nullfs", "shared,shared", IOC_INVALID,
	    "option shared: given twice, or its contrary" },
	{ "/tmp", "/b", "tmpfs", "rw", IOC_INVALID,
	    "source \"/tmp\" is not a word, as the name of its type" },
};

static void
test_fstab_judge__table(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct judged *l = &lines[i];
		const struct ioc_fstab_entry e = { .source = l->source,
			.target = l->target, .type = l->type,
			.options = l->options };
		struct ioc_error err = { .msg = "" };
		struct ioc_fstab_mount m;
		int r = ioc_fstab_judge(&e, "/jails/web/root", &m, &err);

		if (r != l->code)
			fail_msg("line %zu: %d %s", i, r, err.msg);
		assert_string_equal(r == 0 ? m.target : err.msg, l->says);
	}
}

static unsigned
flags_of(const char *type, const char *options)
{
	const struct ioc_fstab_entry e = { .source = type[0] == 't' ? "tmpfs" :
		"/s", .target = "/t", .type = type, .options = options };
	struct ioc_fstab_mount m;

	assert_int_equal(ioc_fstab_judge(&e, NULL, &m, NULL), 0);
	return (m.flags);
}

static void
test_fstab_judge__what_is_not_said(void **state)
{
	unsigned data = IOC_FSTAB_NOSUID |
	    (ioc_prop_this_system == IOC_ON_FREEBSD ? IOC_FSTAB_NOSYMFOLLOW :
	    0);

	assert_int_equal(flags_of("nullfs", "rw"), data);
	assert_int_equal(flags_of("nullfs", "ro"), data | IOC_FSTAB_RDONLY);
	assert_int_equal(flags_of("nullfs", "rw,suid,symfollow"), 0);
	assert_int_equal(flags_of("nullfs", "suid,noexec,nosymfollow"),
	    IOC_FSTAB_NOEXEC | IOC_FSTAB_NOSYMFOLLOW);
	if (ioc_prop_this_system == IOC_ON_LINUX)
		assert_int_equal(flags_of("nullfs", "idmap"),
		    IOC_FSTAB_NOSUID | IOC_FSTAB_IDMAP);
	assert_int_equal(flags_of("tmpfs", "rw,exec"), IOC_FSTAB_NOSUID);
}

static void
test_fstab_judge__long_ones(void **state)
{
	char path[IOC_FSTAB_PATH + 10];
	struct ioc_fstab_entry e = { .source = path, .target = "/t",
		.type = "nullfs", .options = "ro" };
	struct ioc_fstab_mount m;

	memset(path, 0, sizeof(path));
	for (size_t i = 0; i < IOC_FSTAB_PATH; i++)
		path[i] = i % 200 == 0 ? '/' : 'a';
	assert_int_equal(ioc_fstab_judge(&e, NULL, &m, NULL), 0);
	assert_string_equal(m.source, path);
	path[IOC_FSTAB_PATH] = 'a';
	assert_int_equal(ioc_fstab_judge(&e, NULL, &m, NULL), IOC_INVALID);
	memset(path, 0, sizeof(path));
	path[0] = '/';
	memset(path + 1, 'b', 256);
	assert_int_equal(ioc_fstab_judge(&e, NULL, &m, NULL), IOC_INVALID);
	path[256] = '\0';
	assert_int_equal(ioc_fstab_judge(&e, NULL, &m, NULL), 0);
}

static void
judge_all(const char *text, int code, size_t want, const char *says)
{
	static struct ioc_fstab_mount v[IOC_FSTAB_MAX];
	auto_fstab f = parse(text);
	struct ioc_error err = { .msg = "" };
	size_t n;

	assert_int_equal(ioc_fstab_judge_all(f, NULL, v, &n, &err), code);
	assert_int_equal(n, want);
	assert_string_equal(err.msg, says);
}

static void
test_fstab_judge_all__names_the_line(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);

	judge_all("", 0, 0, "");
	judge_all("#\n\n \t\n/x /x nullfs ro 0 0 #iocage-auto\n", 0, 0, "");
	judge_all("/a /b nullfs ro\n/a /c nullfs rw 0\n", 0, 2, "");
	judge_all("\n/a /b nullfs ro\n/c //b/ nullfs ro\n", IOC_INVALID, 1,
	    "fstab, line 3: target /b is there twice");
	judge_all("/a /b nullfs\n", IOC_FORMAT, 0, "fstab, line 1: it has not "
	    "four to six fields, the last two of them numbers");
	judge_all("/a /../b nullfs ro\n", IOC_UNSAFE, 0,
	    "fstab, line 1: target \"/../b\" has \"..\" in it");
	for (int i = 0; i <= IOC_FSTAB_MAX; i++)
		(void)ioc_buf_addf(&b, "/a /b%d nullfs ro\n", i);
	judge_all(ioc_buf_str(&b), IOC_LIMIT, IOC_FSTAB_MAX,
	    "fstab, line 101: more than 100 lines");
}

static void
test_fstab_parse__limits(void **state)
{
	static char big[IOC_FSTAB_SIZE + 1];
	struct ioc_fstab *f = NULL;
	struct ioc_error err;

	assert_int_equal(ioc_fstab_parse("a\nb\0c\n", 6, &f, &err),
	    IOC_FORMAT);
	assert_string_equal(err.msg, "line 2: a NUL byte");
	memset(big, '#', sizeof(big));
	assert_int_equal(ioc_fstab_parse(big, sizeof(big), &f, &err),
	    IOC_LIMIT);
	memset(big, '\n', sizeof(big));
	assert_int_equal(ioc_fstab_parse(big, IOC_FSTAB_LINES + 1, &f, &err),
	    IOC_LIMIT);
	assert_null(f);
}

UNIT_MAIN(
	cmocka_unit_test(test_fstab_parse__fields_and_what_is_kept),
	cmocka_unit_test(test_fstab_edit__the_rest_stays),
	cmocka_unit_test(test_fstab_judge__table),
	cmocka_unit_test(test_fstab_judge__what_is_not_said),
	cmocka_unit_test(test_fstab_judge__long_ones),
	cmocka_unit_test(test_fstab_judge_all__names_the_line),
	cmocka_unit_test(test_fstab_parse__limits))
