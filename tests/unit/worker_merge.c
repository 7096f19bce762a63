/* SPDX-License-Identifier: BSD-2-Clause */
/* Three-way merges by lines and by entries. */
#include "unit.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "worker/lines.h"
#include "worker/merge.h"

/* Texts of one letter for each line: "abc" is "a\nb\nc\n". */
static const struct {
	const char	*base, *ours, *theirs;
	const char	*merged;	/* with the marks <|=> */
} lines[] = {
	{ "", "", "", "" },
	{ "abc", "abc", "abc", "abc" },
	{ "abc", "abx", "abc", "abx" },
	{ "abc", "abc", "abx", "abx" },
	{ "abc", "abx", "abx", "abx" },
	{ "abc", "xbc", "aby", "xby" },
	{ "abc", "ac", "abcd", "acd" },
	{ "abc", "", "abc", "" },
	{ "abc", "abc", "", "" },
	{ "abc", "", "", "" },
	{ "", "ab", "", "ab" },
	{ "", "ab", "ab", "ab" },
	{ "", "a", "b", "<a|=b>" },
	{ "abc", "axc", "ayc", "a<x|b=y>c" },
	{ "abc", "ac", "ayc", "a<|b=y>c" },
	{ "abc", "axbc", "aybc", "a<x|=y>bc" },
	{ "abc", "axbc", "abyc", "axbyc" },
	/* Neighbours without a line of all between them. */
	{ "ab", "xb", "ay", "<xb|ab=ay>" },
	{ "abcde", "xbcde", "abcdy", "xbcdy" },
	{ "abcde", "xbcye", "zbcde", "<x|a=z>bcye" },
	{ "aaaa", "aaa", "aaaaa", "aaa<|a=aa>" },
	{ "abab", "ababab", "abab", "ababab" },
	{ "abc", "cba", "abc", "cba" },
	{ "abcdefgh", "bcdefghi", "aXcdefgh", NULL },
};

static char *
spread(const char *letters)
{
	auto_buf struct ioc_buf b = IOC_BUF(10000);

	(void)ioc_buf_adds(&b, "");
	for (; *letters != '\0'; letters++)
		(void)ioc_buf_addf(&b, "%c\n", *letters);
	return (b.data != NULL ? ioc_buf_take(&b) : strdup(""));
}

/* What the parent would make of it, with one letter for a mark. */
static void
assemble(const struct ioc_merge_text in[3], const struct ioc_merge_runs *r,
    bool letters, struct ioc_buf *out)
{
	static const char inputs[] = "bot";

	for (size_t i = 0; i < r->n; i++) {
		const char *side = strchr(inputs, r->v[i].what);
		const struct ioc_merge_text *t;

		if (side == NULL) {
			(void)ioc_buf_addc(out, r->v[i].what);
			continue;
		}
		t = &in[side - inputs];
		assert_true(r->v[i].at + r->v[i].len <= t->len);
		for (size_t k = 0; k < r->v[i].len; k++)
			if (!letters || t->text[r->v[i].at + k] != '\n')
				(void)ioc_buf_addc(out,
				    t->text[r->v[i].at + k]);
	}
}

static void
test_lines(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
		auto_buf struct ioc_buf out = IOC_BUF(1000);
		auto_free char *b = spread(lines[i].base),
		    *o = spread(lines[i].ours), *t = spread(lines[i].theirs);
		const struct ioc_merge_text in[] = { { b, strlen(b) },
			{ o, strlen(o) }, { t, strlen(t) } };

		print_message("%s %s %s\n", lines[i].base, lines[i].ours,
		    lines[i].theirs);
		assert_int_equal(ioc_merge_lines(in, &r, NULL), 0);
		assemble(in, &r, true, &out);
		if (lines[i].merged != NULL)
			assert_string_equal(ioc_buf_str(&out), lines[i].merged);
	}
}

/* A last line without its newline is another line. */
static void
test_last_line(void **state)
{
	const struct ioc_merge_text in[] = { { "a\nb", 3 }, { "a\nb\n", 4 },
		{ "a\nb", 3 } };
	IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
	auto_buf struct ioc_buf out = IOC_BUF(1000);

	assert_int_equal(ioc_merge_lines(in, &r, NULL), 0);
	assemble(in, &r, false, &out);
	assert_string_equal(ioc_buf_str(&out), "a\nb\n");
}

static const struct {
	const char	*base, *ours, *theirs, *merged;
} entries[] = {
	{ "a:1:1\n", "a:1:1\n", "a:1:1\n", "a:1:1\n" },
	/* The jail's user and the release's, both at the end. */
	{ "a:x:1\n", "a:x:1\nu:x:1001\n", "a:x:1\ns:x:2\n",
	    "a:x:1\ns:x:2\nu:x:1001\n" },
	/* A password of the jail, a shell of the release. */
	{ "r:*:0:sh\n", "r:$6$:0:sh\n", "r:*:0:bash\n", "r:$6$:0:bash\n" },
	{ "r:*:0:sh\n", "r:*:0:zsh\n", "r:*:0:bash\n",
	    "<r:*:0:zsh\n|r:*:0:sh\n=r:*:0:bash\n>" },
	{ "a:x:1\nb:x:2\n", "a:x:1\n", "a:x:1\nb:x:2\n", "a:x:1\n" },
	{ "a:x:1\nb:x:2\n", "a:x:1\nb:x:2\n", "a:x:1\n", "a:x:1\n" },
	{ "a:x:1\nb:x:2\n", "a:x:1\nb:y:2\n", "a:x:1\n",
	    "a:x:1\n<b:y:2\n|b:x:2\n=>" },
	{ "", "u:x:5\n", "u:x:5\n", "u:x:5\n" },
	{ "", "u:x:5\n", "u:x:6\n", "<u:x:5\n|=u:x:6\n>" },
	/* Two names for one number. */
	{ "", "u:x:100\n", "s:x:100\n", "<u:x:100\n|=s:x:100\n>" },
	{ "r:x:0\n", "r:x:0\n", "r:x:0\nt:x:0\n", "r:x:0\nt:x:0\n" },
	{ "# c\na:x:1\n", "# c\na:y:1\n", "# d\na:x:1\n", "# d\na:y:1\n" },
	{ "a:x:1\n", "a:x:1\n+:::\n", "a:x:1\nb:x:2\n",
	    "a:x:1\nb:x:2\n+:::\n" },
	{ "g:x:1:\n", "g:x:1:u\n", "h:x:1:\ng:x:1:\n", "h:x:1:\ng:x:1:u\n" },
};

static void
test_entries(void **state)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
		auto_buf struct ioc_buf out = IOC_BUF(1000);
		const struct ioc_merge_text in[] = {
			{ entries[i].base, strlen(entries[i].base) },
			{ entries[i].ours, strlen(entries[i].ours) },
			{ entries[i].theirs, strlen(entries[i].theirs) } };

		print_message("%s", entries[i].ours);
		assert_int_equal(ioc_merge_entries(in, &r, NULL), 0);
		assemble(in, &r, false, &out);
		assert_string_equal(ioc_buf_str(&out), entries[i].merged);
	}
}

static void
test_no_entries(void **state)
{
	static const char *const texts[] = { "a:1\na:2\n", "a:1", "#\n#\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
		const struct ioc_merge_text in[] = { { "", 0 },
			{ texts[i], strlen(texts[i]) }, { "", 0 } };

		assert_int_equal(ioc_merge_entries(in, &r, NULL),
		    IOC_UNSUPPORTED);
	}
}

static void
test_limits(void **state)
{
	auto_buf struct ioc_buf a = IOC_BUF(1 << 20), b = IOC_BUF(1 << 20),
	    c = IOC_BUF(1 << 20);
	IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
	struct ioc_merge_text in[3] = { { "", 0 }, { "", 0 }, { "", 0 } };

	for (int i = 0; i < IOC_EDITS_MAX; i++) {
		(void)ioc_buf_addf(&a, "a%d\n", i);
		(void)ioc_buf_addf(&b, "b%d\n", i);
	}
	in[0] = (struct ioc_merge_text){ a.data, a.len };
	in[1] = (struct ioc_merge_text){ b.data, b.len };
	assert_int_equal(ioc_merge_lines(in, &r, NULL), IOC_LIMIT);
	for (int i = 0; i <= IOC_LINES_MAX; i++)
		(void)ioc_buf_addc(&c, '\n');
	in[0] = (struct ioc_merge_text){ c.data, c.len };
	in[1] = in[2] = in[0];
	assert_int_equal(ioc_merge_lines(in, &r, NULL), IOC_LIMIT);
	in[0].len = in[1].len = in[2].len = IOC_LINES_MAX;
	assert_int_equal(ioc_merge_lines(in, &r, NULL), 0);
}

/* The worst that the limits let through takes seconds at most. */
static void
test_bounded(void **state)
{
	auto_buf struct ioc_buf a = IOC_BUF(1 << 20), b = IOC_BUF(1 << 20);
	IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { 0 };
	struct ioc_merge_text in[3];
	struct timespec t, z;

	for (int i = 0; i < IOC_LINES_MAX; i++) {
		(void)ioc_buf_adds(&a, i % 3 == 0 ? "x\n" : "\n");
		(void)ioc_buf_adds(&b, i % 2 == 0 ? "x\n" : "\n");
	}
	in[0] = (struct ioc_merge_text){ a.data, a.len };
	in[1] = in[2] = (struct ioc_merge_text){ b.data, b.len };
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	assert_int_equal(ioc_merge_lines(in, &r, NULL), IOC_LIMIT);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &z);
	assert_true(z.tv_sec - t.tv_sec < 20);
}

UNIT_MAIN(
	cmocka_unit_test(test_lines),
	cmocka_unit_test(test_last_line),
	cmocka_unit_test(test_entries),
	cmocka_unit_test(test_no_entries),
	cmocka_unit_test(test_limits),
	cmocka_unit_test(test_bounded),
)
