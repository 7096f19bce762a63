/* SPDX-License-Identifier: BSD-2-Clause */
/* tar by libarchive, with nothing else of it enabled; xz by liblzma. */
#include "worker/reader.h"

#include <string.h>

#include <lzma.h>

#include "base/str.h"

#define	IN_SIZE		(256 * 1024)
#define	OUT_SIZE	(1024 * 1024)
#define	RATIO		1000
#define	RATIO_FROM	(UINT64_C(256) << 20)
/*
 * What the decoder may take: above the first there are fewer threads, one in
 * the end; above the second nothing is decoded.  The largest preset of xz(1)
 * needs 65 MiB for one.
 */
#define	XZ_SOFT		(UINT64_C(100) << 20)
#define	XZ_HARD		(UINT64_C(100) << 20)

struct ioc_reader {
	struct archive	*a;
	int		 fd;
	uint64_t	 consumed;
	bool		 is_xz;
	bool		 eof;		/* of the file */
	bool		 ended;		/* of the xz stream */
	lzma_stream	 xz;
	uint8_t		*in;
	uint8_t		*out;
};

static ssize_t
fill(struct ioc_reader *rd)
{
	ssize_t n;

	do {
		n = pread(rd->fd, rd->in, IN_SIZE, (off_t)rd->consumed);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(rd->a, errno, "read");
	else
		rd->consumed += (uint64_t)n;
	rd->eof = n == 0;
	return (n);
}

static const char *
xz_reason(lzma_ret r)
{
	switch (r) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return ("xz: needs too much memory");
	case LZMA_BUF_ERROR:
		return ("xz: truncated");
	case LZMA_OPTIONS_ERROR:
		return ("xz: unknown options");
	case LZMA_FORMAT_ERROR:
		return ("xz: not its format");
	default:
		return ("xz: damaged");
	}
}

static ssize_t
read_xz(struct ioc_reader *rd)
{
	lzma_ret r = LZMA_OK;

	rd->xz.next_out = rd->out;
	rd->xz.avail_out = OUT_SIZE;
	while (rd->xz.avail_out == OUT_SIZE && !rd->ended) {
		if (rd->xz.avail_in == 0 && !rd->eof) {
			ssize_t n = fill(rd);

			if (n < 0)
				return (-1);
			rd->xz.next_in = rd->in;
			rd->xz.avail_in = (size_t)n;
		}
		r = lzma_code(&rd->xz, rd->eof ? LZMA_FINISH : LZMA_RUN);
		rd->ended = r == LZMA_STREAM_END;
		if (r != LZMA_OK && r != LZMA_STREAM_END) {
			archive_set_error(rd->a, EINVAL, "%s", xz_reason(r));
			return (-1);
		}
	}
	return ((ssize_t)(OUT_SIZE - rd->xz.avail_out));
}

static ssize_t
on_read(struct archive *a, void *arg, const void **data)
{
	struct ioc_reader *rd = arg;

	*data = rd->is_xz ? rd->out : rd->in;
	return (rd->is_xz ? read_xz(rd) : fill(rd));
}

/*
 * libarchive's sentence, in our form.  What it cannot get is what the archive
 * asks for: our own part is small, and accounted for.
 */
static int
damaged(const struct ioc_reader *rd, struct ioc_error *err)
{
	const char *text = archive_error_string(rd->a);

	if (archive_errno(rd->a) == ENOMEM)
		return (ioc_fail(err, IOC_LIMIT, "needs too much memory"));
	if (text == NULL)
		text = "it cannot be read as tar";
	/* The words of xz above, and of libzstd for its window. */
	if (strstr(text, "too much memory") != NULL)
		return (ioc_fail(err, IOC_LIMIT, "%s", IOC_SHOW(text)));
	return (ioc_fail(err, IOC_FORMAT, "damaged: %s", IOC_SHOW(text)));
}

static int
open_xz(struct ioc_reader *rd, unsigned threads, struct ioc_error *err)
{
	lzma_ret r;
#if LZMA_VERSION >= UINT32_C(50040002)
	lzma_mt mt = {
		.flags = LZMA_CONCATENATED,
		.threads = threads,
		.memlimit_threading = XZ_SOFT,
		.memlimit_stop = XZ_HARD,
	};

	if (threads > 1)
		r = lzma_stream_decoder_mt(&rd->xz, &mt);
	else
#endif
		r = lzma_stream_decoder(&rd->xz, XZ_HARD, LZMA_CONCATENATED);
	rd->out = malloc(OUT_SIZE);
	if (r != LZMA_OK || rd->out == NULL)
		return (ioc_fail_nomem(err));
	return (0);
}

static int
open_archive(struct ioc_reader *rd, struct ioc_error *err)
{
	int r = archive_read_support_format_tar(rd->a);

	/* A filter that would run a program answers ARCHIVE_WARN. */
	if (r == ARCHIVE_OK && !rd->is_xz)
		r = archive_read_support_filter_gzip(rd->a);
	if (r == ARCHIVE_OK && !rd->is_xz)
		r = archive_read_support_filter_bzip2(rd->a);
	if (r == ARCHIVE_OK && !rd->is_xz)
		r = archive_read_support_filter_zstd(rd->a);
	if (r != ARCHIVE_OK)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "libarchive lacks gzip, bzip2 or zstd"));
	if (archive_read_open(rd->a, rd, NULL, on_read, NULL) != ARCHIVE_OK)
		return (damaged(rd, err));
	if (archive_filter_count(rd->a) > 2)
		return (ioc_fail(err, IOC_UNSAFE,
		    "compressed more than once"));
	return (0);
}

int
ioc_reader_open(int fd, unsigned threads, struct ioc_reader **ret,
    struct ioc_error *err)
{
	static const char magic[6] = { '\375', '7', 'z', 'X', 'Z', '\0' };
	char start[sizeof(magic)];
	struct ioc_reader *rd = calloc(1, sizeof(*rd));
	int r = 0;

	if (rd == NULL)
		return (ioc_fail_nomem(err));
	rd->fd = fd;
	rd->xz = (lzma_stream)LZMA_STREAM_INIT;
	rd->in = malloc(IN_SIZE);
	rd->a = archive_read_new();
	rd->is_xz = pread(fd, start, sizeof(start), 0) ==
	    (ssize_t)sizeof(start) && memcmp(start, magic, sizeof(magic)) == 0;
	if (rd->in == NULL || rd->a == NULL)
		r = ioc_fail_nomem(err);
	if (r == 0 && rd->is_xz)
		r = open_xz(rd, threads, err);
	if (r == 0)
		r = open_archive(rd, err);
	if (r != 0) {
		ioc_reader_close(rd);
		return (r);
	}
	*ret = rd;
	return (0);
}

void
ioc_reader_close(struct ioc_reader *rd)
{
	if (rd == NULL)
		return;
	if (rd->a != NULL)
		(void)archive_read_free(rd->a);
	lzma_end(&rd->xz);
	free(rd->in);
	free(rd->out);
	free(rd);
}

uint64_t
ioc_reader_consumed(const struct ioc_reader *rd)
{
	return (rd->consumed);
}

static int
guard(const struct ioc_reader *rd, struct ioc_error *err)
{
	int64_t n = archive_filter_bytes(rd->a, 0);
	uint64_t unpacked = n > 0 ? (uint64_t)n : 0;

	if (unpacked > RATIO_FROM && unpacked / RATIO > rd->consumed)
		return (ioc_fail(err, IOC_LIMIT, "unpacks to more than %d "
		    "times its size", RATIO));
	return (0);
}

int
ioc_reader_next(struct ioc_reader *rd, struct archive_entry **e,
    struct ioc_error *err)
{
	int r = archive_read_next_header(rd->a, e);

	if (r == ARCHIVE_EOF) {
		*e = NULL;
		/* The mark takes a block behind the last member. */
		if (archive_filter_bytes(rd->a, 0) <=
		    archive_read_header_position(rd->a))
			return (ioc_fail(err, IOC_FORMAT,
			    "damaged: truncated, without an end mark"));
		return (0);
	}
	/* A warning: something of the header was not understood. */
	if (r != ARCHIVE_OK)
		return (damaged(rd, err));
	if (archive_format(rd->a) == ARCHIVE_FORMAT_EMPTY)
		return (ioc_fail(err, IOC_FORMAT, "not a tar archive"));
	return (guard(rd, err));
}

int
ioc_reader_block(struct ioc_reader *rd, const void **data, size_t *len,
    int64_t *offset, struct ioc_error *err)
{
	la_int64_t at = 0;
	int r = archive_read_data_block(rd->a, data, len, &at);

	if (r == ARCHIVE_EOF) {
		*data = NULL;
		*len = 0;
		*offset = at;
		return (guard(rd, err));
	}
	if (r != ARCHIVE_OK)
		return (damaged(rd, err));
	if (*data == NULL) {
		*data = "";
		*len = 0;
	}
	*offset = at;
	return (guard(rd, err));
}
