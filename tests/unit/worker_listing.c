/* SPDX-License-Identifier: BSD-2-Clause */
/* Index pages: which links are names of directories, and how long it takes. */
#include "unit.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "worker/listing.h"

static const struct {
	const char	*page;
	const char	*names;		/* with a slash behind each */
} rows[] = {
	{ "", "" },
	{ "text", "" },
	{ "<a href=\"a/\">x</a>", "a/" },
	{ "<A HREF='14.3-RELEASE/'>", "14.3-RELEASE/" },
	{ "<a\nclass=x\thref =\r\n a/>", "a/" },
	{ "<a href=a/ >", "a/" },
	{ "<a href=\"a/\"><a href=\"b/\">", "a/b/" },
	{ "<a href=\"a/\"><img></a><a href=\"a/\">", "a/" },
	{ "<a href=\"a/\"><a href=\"b/\"><a href=\"a/\">", "a/b/a/" },
	/* Not one relative component with a slash. */
	{ "<a href=\"a\">", "" },
	{ "<a href=\"/\">", "" },
	{ "<a href=\"\">", "" },
	{ "<a href>", "" },
	{ "<a href=>", "" },
	{ "<a href=\"/a/\">", "" },
	{ "<a href=\"//a/\">", "" },
	{ "<a href=\"a/b/\">", "" },
	{ "<a href=\"a//\">", "" },
	{ "<a href=\"../\">", "" },
	{ "<a href=\"./\">", "" },
	{ "<a href=\"./a/\">", "" },
	{ "<a href=\"..\">", "" },
	{ "<a href=\".a/\">", "" },
	{ "<a href=\"-a/\">", "" },
	{ "<a href=\"https://a/\">", "" },
	{ "<a href=\"https:a/\">", "" },
	{ "<a href=\"javascript:a/\">", "" },
	{ "<a href=\"?a/\">", "" },
	{ "<a href=\"a/?b\">", "" },
	{ "<a href=\"a?b/\">", "" },
	{ "<a href=\"a/#b\">", "" },
	{ "<a href=\"#a/\">", "" },
	{ "<a href=\" a/\">", "" },
	{ "<a href=\"a/ \">", "" },
	{ "<a href=\"a b/\">", "" },
	{ "<a href=\"a\nb/\">", "" },
	{ "<a href=\"a\\b/\">", "" },
	{ "<a href=\"\xc3\xa4/\">", "" },
	{ "<a href=\"a&amp;b/\">", "" },
	{ "<a href=\"&#97;/\">", "" },
	{ "<a href=\"a;id/\">", "" },
	/* %XX is what it stands for. */
	{ "<a href=\"14%2e3%2DR/\">", "14.3-R/" },
	{ "<a href=\"%61/\">", "a/" },
	{ "<a href=\"%2e%2e/\">", "" },
	{ "<a href=\"a%2fb/\">", "" },
	{ "<a href=\"a%2f\">", "" },
	{ "<a href=\"a%00/\">", "" },
	{ "<a href=\"a%0a/\">", "" },
	{ "<a href=\"a%/\">", "" },
	{ "<a href=\"a%4/\">", "" },
	{ "<a href=\"a%4/1/\">", "" },
	{ "<a href=\"a%zz/\">", "" },
	{ "<a href=\"%252e%252e/\">", "" },
	{ "<a href=\"%25/\">", "" },
	/* Only tags, and only this one. */
	{ "<abbr href=\"a/\">", "" },
	{ "<link href=\"a/\">", "" },
	{ "<a hreflang=\"a/\">", "" },
	{ "<a xhref=\"a/\">", "" },
	{ "<a title=\"href='a/'\">", "" },
	{ "<a title=\">\" href=\"a/\">", "a/" },
	{ "<img alt=\"<a href='a/'>\"><a href=\"b/\">", "b/" },
	{ "</a href=\"a/\">", "" },
	{ "< a href=\"a/\">", "" },
	{ "<!-- <a href=\"a/\"> --><a href=\"b/\">", "b/" },
	{ "<!-- <a href=\"a/\">", "" },
	{ "<!DOCTYPE a href=\"a/\"><a href=\"b/\">", "b/" },
	{ "<script>'<a href=\"a/\">'</script><a href=\"b/\">", "b/" },
	{ "<style><a href=\"a/\"></style><a href=\"b/\">", "b/" },
	{ "<a href=\"a/\" href=\"b/\">", "a/" },
	{ "<a href=\"a/\"", "" },
	{ "<a href=\"a/", "" },
	{ "<a href='a/\">", "" },
	{ "<a/href=\"a/\">", "a/" },
	{ "<a href=\"a/\"b>", "a/" },
	{ "<a =href=\"a/\">", "" },
};

static void
test_pages(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_strv struct ioc_strv v = IOC_STRV;
		auto_buf struct ioc_buf b = IOC_BUF(1000);

		print_message("%s\n", rows[i].page);
		assert_int_equal(ioc_listing_parse(rows[i].page,
		    strlen(rows[i].page), &v, NULL), 0);
		for (size_t j = 0; j < v.n; j++)
			(void)ioc_buf_addf(&b, "%s/", v.v[j]);
		assert_string_equal(ioc_buf_str(&b), rows[i].names);
	}
}

static void
test_limits(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_LISTING_BYTES + 100);
	auto_strv struct ioc_strv v = IOC_STRV, w = IOC_STRV, x = IOC_STRV;
	char name[80];

	for (unsigned i = 0; i < IOC_LISTING_NAMES; i++)
		(void)ioc_buf_addf(&b, "<a href=\"%u/\">", i);
	assert_int_equal(ioc_listing_parse(b.data, b.len, &v, NULL), 0);
	assert_int_equal(v.n, IOC_LISTING_NAMES);
	(void)ioc_buf_adds(&b, "<a href=\"x/\">");
	assert_int_equal(ioc_listing_parse(b.data, b.len, &w, NULL),
	    IOC_LIMIT);
	ioc_buf_clear(&b);
	while (b.len <= IOC_LISTING_BYTES)
		(void)ioc_buf_adds(&b, "<p>");
	assert_int_equal(ioc_listing_parse(b.data, b.len, &x, NULL),
	    IOC_LIMIT);
	memset(name, 'x', sizeof(name));
	name[63] = '/';
	assert_true(ioc_listing_name(name, 64, name));
	memset(name, 'x', sizeof(name));
	name[64] = '/';
	assert_false(ioc_listing_name(name, 65, name));
}

/* A megabyte of what makes a parser go back, if anything does. */
static void
test_linear(void **state)
{
	static const char *const hard[] = {
		"<a ", "<a", "<", "<a href=", "<a href=\"", "<a href='x/", "<!",
		"<!--", "<!-- --", "<script>", "<style", "<a =", "<a/", "</",
		"<a href=\"%", "<a href=\"\" ", "a/ ", "<a b='", "<a b=\"<a c='",
		"<a href=x/>", "=", "--", "<a\n",
	};

	for (size_t i = 0; i < sizeof(hard) / sizeof(*hard); i++) {
		auto_buf struct ioc_buf b = IOC_BUF(2 * 1024 * 1024);
		auto_strv struct ioc_strv v = IOC_STRV;
		clock_t start;

		while (b.len < 1024 * 1024)
			(void)ioc_buf_adds(&b, hard[i]);
		start = clock();
		assert_int_equal(ioc_listing_parse(b.data, b.len, &v, NULL),
		    0);
		print_message("%s: %ld ms\n", hard[i],
		    (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
		assert_true(clock() - start < CLOCKS_PER_SEC);
	}
}

UNIT_MAIN(
    cmocka_unit_test(test_pages),
    cmocka_unit_test(test_limits),
    cmocka_unit_test(test_linear))
