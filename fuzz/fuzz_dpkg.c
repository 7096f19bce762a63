/* SPDX-License-Identifier: BSD-2-Clause */
/* The package database of a Debian root: nothing but judged names comes of it. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "dist/debian.h"

static void
check_name(const char *s)
{
	size_t n = strlen(s);

	MUST(n >= 2 && n <= 128 && s[0] != '-' && s[0] != '.' &&
	    s[n - 1] != '-');
	MUST(strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == n);
}

static void
check_reduced(const struct ioc_buf *b)
{
	auto_buf struct ioc_buf again = IOC_BUF(1024 * 1024);
	auto_strv struct ioc_strv all = IOC_STRV, none = IOC_STRV;
	struct ioc_error err = { 0 };
	const char *s = b->data;
	int r;

	for (size_t i = 0; i < b->len; i++)
		MUST(s[i] == '\n' || (s[i] >= 0x20 && s[i] < 0x7f));
	MUST(b->len == 0 || s[b->len - 1] == '\n');
	MUST(ioc_debian_reduce_status(s, b->len, &again, NULL) == 0);
	MUST(again.len == b->len && memcmp(again.data, s, b->len) == 0);
	r = ioc_debian_installed(s, b->len, "amd64", NULL, &all, &err);
	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		return;
	}
	for (size_t i = 0; i < all.n; i++)
		check_name(all.v[i]);
	/* All but all of them. */
	MUST(ioc_debian_installed(s, b->len, "amd64", &all, &none, NULL) == 0);
	MUST(none.n == 0);
}

static void
check_line(const char *line)
{
	char out[300];

	if (!ioc_debian_parse_inst(line, out, sizeof(out)))
		return;
	MUST(strlen(out) < sizeof(out));
	for (const char *p = out; *p != '\0'; p++)
		MUST(*p >= 0x20 && *p < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf struct ioc_buf b = IOC_BUF(1024 * 1024);
	auto_free char *text = fuzz_text(data, size);
	char *rest = text, *line;

	if (ioc_debian_reduce_status(size > 0 ? (const char *)data : "", size,
	    &b, NULL) == 0 && b.len > 0)
		check_reduced(&b);
	while ((line = strsep(&rest, "\n")) != NULL)
		check_line(line);
	return (0);
}
