/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of the worker are linear in what they are fed; see linear.h. */
#include "tests/unit/linear.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <locale.h>

#include "base/strv.h"
#include "worker/judge.h"
#include "worker/listing.h"
#include "worker/manifest.h"
#include "worker/mtree.h"
#include "worker/range.h"

#define	HASH	"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

static void
feed_listing(const char *text, size_t len)
{
	auto_strv struct ioc_strv v = IOC_STRV;

	(void)ioc_listing_parse(text, len, &v, NULL);
}

static void
feed_manifest(const char *text, size_t len)
{
	for (int k = 0; k < 2; k++) {
		auto_strv struct ioc_strv v = IOC_STRV;

		(void)ioc_manifest_parse(k == 0 ? IOC_MANIFEST_FREEBSD :
		    IOC_MANIFEST_SHA256, text, len, &v, NULL);
	}
}

static void
feed_range(const char *text, size_t len)
{
	struct ioc_range r;

	(void)ioc_range_parse(text, &r);
}

static void
feed_mtree(const char *text, size_t len)
{
	IOC_AUTO(ioc_mtree_closep) struct ioc_mtree *m = NULL;
	int fd = memfd_create("record", MFD_CLOEXEC), r;
	const struct ioc_mtree_entry *e;

	assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	r = ioc_mtree_open(fd, 1000000, &m, NULL);
	while (r == 0 && (r = ioc_mtree_next(m, &e, NULL)) == 0 && e != NULL)
		continue;
	(void)close(fd);
}

/*
 * Lines that stand for members: a letter for the type, the name and, behind a
 * blank, what a link leads to.  One that is refused is passed over here.
 */
static void
judge_line(struct ioc_judge *j, char *line)
{
	char *link = strchr(line, ' ');
	struct archive_entry *e = archive_entry_new();
	struct ioc_member m;

	assert_non_null(e);
	if (link != NULL)
		*link++ = '\0';
	archive_entry_set_pathname(e, line + 1);
	archive_entry_set_perm(e, 0755);
	archive_entry_set_filetype(e, line[0] == 'd' ? S_IFDIR :
	    line[0] == 'l' ? S_IFLNK : S_IFREG);
	archive_entry_set_size(e, 0);
	if (line[0] == 'l')
		archive_entry_set_symlink(e, link);
	if (line[0] == 'h')
		archive_entry_set_hardlink(e, link);
	if (ioc_judge_member(j, e, &m, NULL) == 0)
		(void)ioc_judge_end(j, &m, 0, NULL);
	archive_entry_free(e);
}

static void
feed_judge(const char *text, size_t len)
{
	static const struct ioc_judge_limits limits = {
		.max_entries = 1000000, .max_bytes = 1 << 20,
	};
	IOC_AUTO(ioc_judge_freep) struct ioc_judge *j = NULL;
	char *copy = strdup(text), *rest = copy, *line;

	assert_non_null(copy);
	assert_int_equal(ioc_judge_new(&limits, &j, NULL), 0);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			judge_line(j, line);
	free(copy);
}

#define	A	"a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"
#define	ROOT	"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755\n"
#define	WHAT	" type=dir uid=0 gid=0 mode=0755 time=1.000000000\n"

static const struct linear cases[] = {
	{ "listing: links", feed_listing, "", "<a href=\"a/\">", "" },
	{ "listing: other names", feed_listing, "", "<a href=\"@/\">", "" },
	{ "listing: tags", feed_listing, "", "<a", "" },
	{ "listing: tags that end", feed_listing, "", "<p>", "" },
	{ "listing: comments", feed_listing, "", "<!--", "" },
	{ "listing: an open quote", feed_listing, "<a href=\"", "<a ", "" },
	{ "listing: attributes", feed_listing, "<a ", "a=b ", "" },
	{ "listing: equals", feed_listing, "<a ", "=", "" },
	{ "listing: scripts", feed_listing, "", "<script>", "" },
	{ "listing: percents", feed_listing, "<a href=\"", "%41", "/\">" },
	{ "listing: blanks", feed_listing, "<a", " ", ">" },
	{ "manifest: lines", feed_manifest, "", "SHA256 (@) = " HASH "\n", "" },
	{ "manifest: one name", feed_manifest, "", "SHA256 (a) = " HASH "\n",
	    "" },
	{ "manifest: TABs", feed_manifest, "", "\t", "\n" },
	{ "manifest: sets", feed_manifest, "", "a@\t" HASH "\t1\tb\t\"c\"\ton\n",
	    "" },
	{ "manifest: other sums", feed_manifest, "", "MD5 (@) = 00\n", "" },
	{ "manifest: a long line", feed_manifest, "SHA256 (", "a", "" },
	{ "manifest: empty lines", feed_manifest, "", "\n", "" },
	{ "range: digits", feed_range, "bytes 0-", "1", "/2" },
	{ "range: blanks", feed_range, "bytes ", " ", "" },
	{ "mtree: directories", feed_mtree, ROOT, "./@" WHAT, "" },
	{ "mtree: deep", feed_mtree, ROOT, "./a" WHAT "./a/a" WHAT, "" },
	{ "mtree: escapes", feed_mtree, ROOT "./", "\\040", WHAT },
	{ "mtree: a long line", feed_mtree, ROOT "./a", " mode=0755", "\n" },
	{ "mtree: components", feed_mtree, ROOT ".", "/a", WHAT },
	{ "mtree: flags", feed_mtree, ROOT "./a flags=", "uchg,", "\n" },
	{ "mtree: comments", feed_mtree, "#mtree v2.0\n", "#\n", "" },
	{ "judge: files of one directory", feed_judge, "", "fd/@\n", "" },
	{ "judge: directories", feed_judge, "", "d@\n", "" },
	{ "judge: deep names", feed_judge, "", "f" A "/@\n", "" },
	{ "judge: one name", feed_judge, "", "fx\n", "" },
	{ "judge: a directory and a file", feed_judge, "", "dx\nfx\n", "" },
	{ "judge: hard links", feed_judge, "fx\n", "h@ x\n", "" },
	{ "judge: a chain of hard links", feed_judge, "fx\n", "hx x\n", "" },
	{ "judge: symbolic links", feed_judge, "", "l@ x\n", "" },
	{ "judge: through a link", feed_judge, "lx y\n", "fx/@\n", "" },
	{ "judge: dots", feed_judge, "", "f./././././@\n", "" },
	{ "judge: slashes", feed_judge, "f", "/", "\n" },
	{ "judge: a long name", feed_judge, "f", "a/", "\n" },
	{ "judge: no UTF-8", feed_judge, "f", "\xff", "\n" },
};

static void
test_linear(void **state)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	linear_run(cases, sizeof(cases) / sizeof(*cases));
}

UNIT_MAIN(cmocka_unit_test(test_linear))
