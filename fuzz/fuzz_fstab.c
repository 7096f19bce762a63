/* SPDX-License-Identifier: BSD-2-Clause */
/* fstab: what is read is kept, and what is added is read again. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/fstab.h"

/* Both files have the same lines. */
static void
compare(const struct ioc_fstab *a, const struct ioc_fstab *b)
{
	MUST(ioc_fstab_count(a) == ioc_fstab_count(b));
	for (size_t i = 0; i < ioc_fstab_count(a); i++) {
		const struct ioc_fstab_entry *x = ioc_fstab_at(a, i);
		const struct ioc_fstab_entry *y = ioc_fstab_at(b, i);

		MUST(strcmp(x->source, y->source) == 0);
		MUST(strcmp(x->target, y->target) == 0);
		MUST(strcmp(x->type, y->type) == 0);
		MUST(strcmp(x->options, y->options) == 0);
		MUST(x->freq == y->freq && x->passno == y->passno);
		MUST(x->line == y->line);
		MUST((x->comment == NULL) == (y->comment == NULL));
	}
}

static void
again(const struct ioc_fstab *f)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *g = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(2 * IOC_FSTAB_SIZE);

	ioc_fstab_print(f, &b);
	MUST(ioc_buf_check(&b, NULL) == 0);
	if (b.len > IOC_FSTAB_SIZE)
		return;
	MUST(ioc_fstab_parse(b.data, b.len, &g, NULL) == 0);
	compare(f, g);
}

/* What is judged good has no way out in it, and can be written. */
static void
judge(const struct ioc_fstab_entry *e)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = NULL;
	struct ioc_fstab_entry copy = *e;
	struct ioc_fstab_mount m, n;
	struct ioc_error err;
	int r = ioc_fstab_judge(e, "/r", &m, &err);

	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		MUST(r == IOC_INVALID || r == IOC_UNSAFE ||
		    r == IOC_UNSUPPORTED);
		return;
	}
	MUST(m.target[0] == '/' && m.target[1] != '\0');
	MUST(strstr(m.target, "/../") == NULL &&
	    strstr(m.source, "/../") == NULL && strstr(m.target, "//") == NULL);
	MUST(!ioc_str_ends(m.target, "/..") && !ioc_str_ends(m.source, "/.."));
	copy.comment = NULL;
	MUST(ioc_fstab_parse("", 0, &f, NULL) == 0);
	MUST(ioc_fstab_add(f, &copy, "/r", NULL) == 0);
	MUST(ioc_fstab_count(f) == 1);
	again(f);
	/* A path in the jail that begins as the old ones did is no old one. */
	if (ioc_str_starts(m.target, "/r/"))
		return;
	MUST(ioc_fstab_judge(ioc_fstab_at(f, 0), "/r", &n, NULL) == 0);
	MUST(m.kind == n.kind && m.flags == n.flags && m.size == n.size);
	MUST(strcmp(m.source, n.source) == 0 &&
	    strcmp(m.target, n.target) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ioc_fstab_mount all[IOC_FSTAB_MAX];
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(2 * IOC_FSTAB_SIZE);
	struct ioc_error err;
	size_t n;
	int r = ioc_fstab_parse((const char *)data, size, &f, &err);

	if (r != 0) {
		MUST(r == err.code && (r == IOC_FORMAT || r == IOC_LIMIT));
		return (0);
	}
	ioc_fstab_print(f, &b);
	MUST(b.len == size + (size > 0 && data[size - 1] != '\n'));
	MUST(size == 0 || memcmp(b.data, data, size) == 0);
	for (size_t i = 0; i < ioc_fstab_count(f); i++)
		judge(ioc_fstab_at(f, i));
	r = ioc_fstab_judge_all(f, NULL, all, &n, &err);
	MUST(r == 0 ? n == ioc_fstab_count(f) : r == err.code);
	while (ioc_fstab_count(f) > 0) {
		ioc_fstab_remove(f, (size_t)data[0] % ioc_fstab_count(f));
		if (ioc_fstab_count(f) < 4)
			again(f);
	}
	return (0);
}
