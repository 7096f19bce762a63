/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters: the first line is a term, the second a value to hold it against. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/filter.h"
#include "conf/glob.h"

static int
get(const char *key, char **ret, void *arg, struct ioc_error *err)
{
	MUST(ioc_filter_has_key(arg, key));
	*ret = strdup(strlen(key) % 2 == 0 ? "yes" : "a,b\\,c,*");
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

/* Step by step: row[j] tells whether the pattern so far matches j bytes. */
static bool
slow_match(const char *p, const char *text)
{
	size_t n = strlen(text);
	bool row[80] = { true }, next[80];

	for (; *p != '\0'; p++) {
		char c = *p;
		bool wild = c == '*' || c == '+';

		if (c == '\\')
			c = *++p;
		memset(next, 0, sizeof(next));
		for (size_t j = 0; j <= n; j++) {
			if (wild && c == '*')
				next[j] = row[j];
			if (wild && j > 0)
				next[j] = next[j] || next[j - 1] || row[j - 1];
			if (!wild && j > 0)
				next[j] = row[j - 1] && text[j - 1] == c;
		}
		memcpy(row, next, sizeof(row));
	}
	return (row[n]);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s & 0x80)
			return (false);
	return (true);
}

static void
compare(const char *pattern, const char *text)
{
	struct ioc_glob g;

	if (ioc_glob_init(&g, pattern, strlen(pattern), NULL) != 0)
		return;
	if (strlen(text) < 80 && is_ascii(text))
		MUST(ioc_glob_match(&g, text) == slow_match(pattern, text));
	else
		(void)ioc_glob_match(&g, text);
	ioc_glob_fini(&g);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;
	auto_free char *term = fuzz_text(data, size);
	struct ioc_error err = { 0 };
	char *text = strchr(term, '\n');
	bool hit;
	int r;

	if (text != NULL)
		*text++ = '\0';
	else
		text = term + strlen(term);
	compare(term, text);
	r = ioc_filter_parse((const char *const *)&(const char *){ term }, 1,
	    &f, &err);
	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		MUST(r == IOC_INVALID || r == IOC_NOT_FOUND || r == IOC_LIMIT);
		return (0);
	}
	MUST(ioc_filter_match(f, "main", text, get, f, &hit, NULL) == 0);
	/* The names alone never refuse what the whole filter takes. */
	MUST(!hit || ioc_filter_match_name(f, "main", text));
	if (ioc_filter_is_name(f) && strchr(term, '/') == NULL &&
	    strpbrk(term, " \t\v\f\r\\") == NULL)
		MUST(hit == (strcmp(term, text) == 0));
	return (0);
}
