/* SPDX-License-Identifier: BSD-2-Clause */
/* Believes every size that it is told. */
#include "twin.h"

#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
twin_reads(int fd, struct twin_appetite *a)
{
	struct archive *in = archive_read_new();
	struct archive_entry *e;
	uint64_t members = 0, bytes = 0;
	int r;

	(void)archive_read_support_format_all(in);
	(void)archive_read_support_filter_all(in);
	(void)lseek(fd, 0, SEEK_SET);
	r = archive_read_open_fd(in, fd, 1 << 16);
	while (r == ARCHIVE_OK && members < a->members && bytes < a->bytes &&
	    (r = archive_read_next_header(in, &e)) == ARCHIVE_OK) {
		const void *data;
		la_int64_t at;
		size_t len;

		members++;
		while (bytes < a->bytes && (r = archive_read_data_block(in,
		    &data, &len, &at)) == ARCHIVE_OK)
			bytes += len;
		if (r == ARCHIVE_EOF)
			r = ARCHIVE_OK;
	}
	(void)archive_read_free(in);
	a->members = members;
	a->bytes = bytes;
	return (r == ARCHIVE_OK || r == ARCHIVE_EOF);
}

uint64_t
twin_xz_memory(const void *xz, size_t len)
{
	lzma_stream s = LZMA_STREAM_INIT;
	uint8_t out[512];
	uint64_t used = 0;

	if (lzma_stream_decoder(&s, UINT64_MAX, 0) != LZMA_OK)
		return (0);
	s.next_in = xz;
	s.avail_in = len;
	s.next_out = out;
	s.avail_out = sizeof(out);
	if (lzma_code(&s, LZMA_RUN) == LZMA_OK)
		used = lzma_memusage(&s);
	lzma_end(&s);
	return (used);
}

/* The window, made at once, as the first decoders did. */
uint64_t
twin_zstd_memory(const void *zstd, size_t len)
{
	const unsigned char *h = zstd;
	uint64_t base, window;
	void *made;

	if (len < 6 || (h[4] & 0x20) != 0)
		return (0);
	base = UINT64_C(1) << (10 + (h[5] >> 3));
	window = base + base / 8 * (h[5] & 7);
	made = malloc(window);
	if (made == NULL)
		return (0);
	memset(made, 0, 1);
	free(made);
	return (window);
}
