/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile tar archives for the tests, also compressed. */
#include "tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>

const char *const filter_names[FILTERS] = {
	"none", "gzip", "bzip2", "xz", "zstd",
};

static void
octal(char *field, size_t size, unsigned long long value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%0*llo", (int)size - 1, value);
	memcpy(field, text, size);
}

static void
pad(struct ioc_buf *b)
{
	static const char zero[512];

	(void)ioc_buf_add(b, zero, (512 - b->len % 512) % 512);
}

static void
field(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len < size ? len : size);
}

/* The sum of a header's bytes goes into it. */
static void
seal(char h[512])
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum);
}

static void
header(struct ioc_buf *b, const struct member *m, size_t len)
{
	char h[512] = { 0 };

	field(h, 100, m->name);
	octal(h + 100, 8, m->mode != 0 ? m->mode : 0644);
	octal(h + 108, 8, m->uid);
	octal(h + 116, 8, m->gid);
	octal(h + 124, 12, len);
	if (m->size != NULL)
		memcpy(h + 124, m->size, 12);
	octal(h + 136, 12, 1000000000);
	if (m->mtime != NULL)
		memcpy(h + 136, m->mtime, 12);
	h[156] = m->type != 0 ? m->type : '0';
	if (m->link != NULL)
		field(h + 157, 100, m->link);
	memcpy(h + 257, "ustar\00000", 8);
	octal(h + 329, 8, m->major);
	octal(h + 337, 8, m->minor);
	seal(h);
	(void)ioc_buf_add(b, h, sizeof(h));
}

static void
record(struct ioc_buf *b, const char *key, const void *value, size_t len)
{
	size_t body = strlen(key) + len + 3, total = body + 1;
	char digits[24];

	/* A record's length counts its own digits. */
	while (total != body + (size_t)snprintf(digits, sizeof(digits), "%zu",
	    total))
		total = body + strlen(digits);
	(void)ioc_buf_addf(b, "%s %s=", digits, key);
	(void)ioc_buf_add(b, value, len);
	(void)ioc_buf_addc(b, '\n');
}

static void
pax(struct ioc_buf *b, const struct ioc_buf *records)
{
	struct member m = { .name = "pax", .type = 'x' };

	header(b, &m, records->len);
	(void)ioc_buf_add(b, records->data, records->len);
	pad(b);
}

void
tar_pax(struct ioc_buf *b, const char *key, const void *value, size_t len)
{
	auto_buf struct ioc_buf records = IOC_BUF(1 << 24);

	record(&records, key, value, len);
	pax(b, &records);
}

void
tar_sparse(struct ioc_buf *b, const char *size, const char *map)
{
	auto_buf struct ioc_buf records = IOC_BUF(1 << 20);
	char blocks[16];
	unsigned n = 1;

	for (const char *s = map; *s != '\0'; s++)
		n += *s == ',';
	(void)snprintf(blocks, sizeof(blocks), "%u", n / 2);
	record(&records, "GNU.sparse.size", size, strlen(size));
	record(&records, "GNU.sparse.numblocks", blocks, strlen(blocks));
	record(&records, "GNU.sparse.map", map, strlen(map));
	pax(b, &records);
}

void
tar_gnu_sparse(struct ioc_buf *b, const char *name)
{
	char h[512] = { 0 };

	field(h, 100, name);
	octal(h + 100, 8, 0644);
	octal(h + 108, 8, 0);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, 0);
	octal(h + 136, 12, 1000000000);
	h[156] = 'S';
	memcpy(h + 257, "ustar  ", 8);
	octal(h + 386, 12, 0);
	octal(h + 398, 12, 0);
	h[482] = 1;		/* blocks of its map follow */
	octal(h + 483, 12, 4096);
	seal(h);
	(void)ioc_buf_add(b, h, sizeof(h));
}

void
tar_add(struct ioc_buf *b, const struct member *m)
{
	size_t len = m->len != 0 ? m->len : m->data != NULL ?
	    strlen(m->data) : 0;

	if (strlen(m->name) > 100)
		PAX(b, "path", m->name);
	if (m->link != NULL && strlen(m->link) > 100)
		PAX(b, "linkpath", m->link);
	header(b, m, len);
	if (m->data != NULL)
		(void)ioc_buf_add(b, m->data, len);
	pad(b);
}

void
tar_end(struct ioc_buf *b)
{
	static const char zero[1024];

	(void)ioc_buf_add(b, zero, sizeof(zero));
}

static la_ssize_t
on_write(struct archive *a, void *arg, const void *data, size_t len)
{
	return (ioc_buf_add(arg, data, len) == 0 ? (la_ssize_t)len : -1);
}

void
tar_filter(struct ioc_buf *out, enum filter f, const void *in, size_t len)
{
	static int (*const add[FILTERS])(struct archive *) = {
		archive_write_add_filter_none, archive_write_add_filter_gzip,
		archive_write_add_filter_bzip2, archive_write_add_filter_xz,
		archive_write_add_filter_zstd,
	};
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	if (archive_write_set_format_raw(a) != ARCHIVE_OK ||
	    add[f](a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
	    (f == XZ && archive_write_set_filter_option(a, NULL,
	    "compression-level", "0") != ARCHIVE_OK) ||
	    archive_write_open(a, out, NULL, on_write, NULL) != ARCHIVE_OK)
		abort();
	archive_entry_set_filetype(e, AE_IFREG);
	if (archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_data(a, in, len) != (la_ssize_t)len ||
	    archive_write_close(a) != ARCHIVE_OK)
		abort();
	archive_entry_free(e);
	(void)archive_write_free(a);
}
