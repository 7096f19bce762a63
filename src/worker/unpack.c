/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb "unpack": a backup.  What is beneath root/ goes the way of every
 * archive (extract.c); the rest is hashed, and compared.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "worker/member.h"
#include "worker/pipe.h"
#include "worker/record.h"
#include "worker/worker.h"

#define	IN_FD		WORKER_FD
#define	DIR_FD		(WORKER_FD + 1)
#define	RECORD_FD	(WORKER_FD + 2)
#define	STREAM_FD	(WORKER_FD + 3)
#define	ENTRIES		UINT64_C(2000000)
#define	BYTES		(UINT64_C(64) << 30)

struct unpack {
	enum ioc_backup_how how;
	const char	*expected[IOC_BACKUP_TEXTS];	/* hashes, or NULL */
	struct ioc_reader *rd;
	struct ioc_sha256 *hash;	/* of the pipe */
	struct ioc_sha256 *other;	/* of what is not beneath root/ */
	struct ioc_judge *judge;
	struct ioc_writer *writer;
	struct ioc_pipe	*pipe;
	uint64_t	 size;		/* of the archive */
	struct ioc_buf	 sums;
	enum ioc_backup_part next;	/* nothing before it comes any more */
	unsigned	 seen;		/* a bit for each text */
	bool		 done;		/* the tree is whole */
};

static int
damaged(const char *name, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "member \"%s\": %s", IOC_SHOW(name),
	    why));
}

/* --- texts ------------------------------------------------------------------- */

static int
text(struct unpack *u, enum ioc_backup_part part, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_BACKUP_TEXT);
	const char *name = ioc_backup_texts[part];
	char hex[IOC_SHA256_HEX];
	int r = ioc_part_text(u->rd, name, u->other, &b, hex, err);

	if (r != 0)
		return (r);
	if (u->expected[part] == NULL || strcmp(u->expected[part], hex) != 0)
		return (ioc_fail(err, IOC_VERIFY, "member \"%s\" is another "
		    "one than a moment ago", name));
	u->seen |= 1u << part;
	ioc_sums_add(&u->sums, hex, name);
	return (ioc_buf_check(&u->sums, err));
}

static int
sums(struct unpack *u, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_BACKUP_SUMS_TEXT);
	char hex[IOC_SHA256_HEX];
	int r = ioc_part_text(u->rd, IOC_BACKUP_SUMS, u->other, &b, hex, err);

	if (r == 0 && strcmp(ioc_buf_str(&b), ioc_buf_str(&u->sums)) != 0)
		r = ioc_fail(err, IOC_VERIFY, "it is not what its "
		    IOC_BACKUP_SUMS " says");
	for (size_t i = 0; r == 0 && i < IOC_BACKUP_TEXTS; i++)
		if (u->expected[i] != NULL && (u->seen & 1u << i) == 0)
			r = ioc_fail(err, IOC_VERIFY, "member \"%s\" is gone "
			    "since a moment ago", ioc_backup_texts[i]);
	return (r);
}

/* --- the tree ------------------------------------------------------------------ */

/* The names without "root/". */
static int
shorten(struct unpack *u, struct archive_entry *e, const char *inner,
    struct ioc_error *err)
{
	const char *link = archive_entry_hardlink(e), *in = NULL;
	auto_free char *name = strdup(inner), *target = NULL;

	if (name == NULL)
		return (ioc_fail_nomem(err));
	if (link != NULL) {
		in = ioc_part_inner(link, u->how == IOC_UNPACK_OLD);
		if (in == NULL)
			return (ioc_fail(err, IOC_UNSAFE, "member \"%s\": a "
			    "hard link out of the tree", IOC_SHOW(inner)));
		target = strdup(in);
		if (target == NULL)
			return (ioc_fail_nomem(err));
		archive_entry_set_hardlink(e, target);
	}
	archive_entry_set_pathname(e, name);
	return (0);
}

/* 1 at the end of its content. */
static int
block(struct unpack *u, const struct ioc_member *m, uint64_t *end,
    struct ioc_error *err)
{
	const void *data;
	int64_t offset;
	size_t len;
	int r = ioc_reader_block(u->rd, &data, &len, &offset, err);

	if (r == 0 && data == NULL)
		r = ioc_judge_end(u->judge, m, *end, err);
	else if (r == 0)
		r = ioc_judge_block(u->judge, m, len, offset, end, err);
	if (r != 0)
		return (ioc_wrap(err, r, "member \"%s\"",
		    IOC_SHOW(ioc_judge_member_name(u->judge))));
	if (data == NULL)
		return (1);
	if (len > 0)
		r = ioc_pipe_data(u->pipe, data, len, (uint64_t)offset, err);
	return (r == 0 ? ioc_msg_progress(ioc_reader_consumed(u->rd), u->size,
	    err) : r);
}

static int
member(struct unpack *u, struct archive_entry *e, const char *inner,
    struct ioc_error *err)
{
	struct ioc_member m;
	uint64_t end = 0;
	int r = shorten(u, e, inner, err);

	if (r == 0)
		r = ioc_judge_member(u->judge, e, &m, err);
	if (r == 0 && m.kind != IOC_MEMBER_NONE)
		r = ioc_pipe_make(u->pipe, &m, err);
	while (r == 0)
		r = block(u, &m, &end, err);
	if (r != 1)
		return (r);
	return (m.kind == IOC_MEMBER_FILE ?
	    ioc_pipe_close(u->pipe, &m, err) : 0);
}

/* Nothing more of the tree comes: it gets its attributes. */
static int
finish_tree(struct unpack *u, struct ioc_error *err)
{
	int r;

	u->done = true;
	r = ioc_pipe_finish(u->pipe, err);
	if (r == 0)
		r = ioc_writer_finish(u->writer, err);
	if (r == 0 && u->how != IOC_UNPACK_PART)
		r = ioc_record_write(ioc_judge_table(u->judge), RECORD_FD,
		    err);
	return (r);
}

/* --- what is not beneath root/ --------------------------------------------------- */

static int
write_all(int fd, const char *data, size_t len, const char *name,
    struct ioc_error *err)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(err, "%s", name));
		data += n;
		len -= (size_t)n;
	}
	return (0);
}

/* The same bytes as in the record that was just made? */
static int
compare(const char *data, size_t len, uint64_t at, struct ioc_error *err)
{
	char here[4096];

	while (len > 0) {
		size_t want = len < sizeof(here) ? len : sizeof(here);
		ssize_t n = pread(RECORD_FD, here, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (ioc_fail_errno(err, "record"));
		if (n == 0 || memcmp(here, data, (size_t)n) != 0)
			return (ioc_fail(err, IOC_VERIFY, "what was unpacked "
			    "is not what its record says"));
		data += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return (0);
}

/* A member that goes to a file (fd) or is compared with the record (-1). */
static int
plain(struct unpack *u, const char *name, int fd, uint64_t max, uint64_t *size,
    struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX];
	const void *data;
	int64_t offset;
	size_t len;
	int r = ioc_sha256_reset(u->other, err);

	for (*size = 0; r == 0; *size += len) {
		r = ioc_reader_block(u->rd, &data, &len, &offset, err);
		if (r != 0 || data == NULL)
			break;
		if (offset < 0 || (uint64_t)offset != *size)
			return (damaged(name, "a hole", err));
		if (len > max - *size)
			return (ioc_fail(err, IOC_LIMIT, "member \"%s\": too "
			    "large", name));
		r = ioc_sha256_add(u->other, data, len, err);
		if (r == 0)
			r = fd >= 0 ? write_all(fd, data, len, name, err) :
			    compare(data, len, *size, err);
		if (r == 0)
			r = ioc_msg_progress(ioc_reader_consumed(u->rd),
			    u->size, err);
	}
	if (r == 0)
		r = ioc_sha256_hex(u->other, hex, err);
	if (r != 0)
		return (r);
	ioc_sums_add(&u->sums, hex, name);
	return (ioc_buf_check(&u->sums, err));
}

static int
record(struct unpack *u, struct ioc_error *err)
{
	uint64_t size;
	struct stat st;
	int r = finish_tree(u, err);

	if (r == 0)
		r = plain(u, IOC_BACKUP_RECORD, u->how == IOC_UNPACK_PART ?
		    RECORD_FD : -1, IOC_RECORD_MAX, &size, err);
	if (r == 0 && fstat(RECORD_FD, &st) != 0)
		r = ioc_fail_errno(err, "record");
	if (r == 0 && (uint64_t)st.st_size != size)
		r = ioc_fail(err, IOC_VERIFY, "what was unpacked is not what "
		    "its record says");
	return (r);
}

static int
stream(struct unpack *u, struct ioc_error *err)
{
	uint64_t size;

	u->done = true;
	return (plain(u, IOC_BACKUP_STREAM, STREAM_FD, BYTES, &size, err));
}

/* --- members --------------------------------------------------------------------- */

static bool
belongs(const struct unpack *u, enum ioc_backup_part part)
{
	switch (part) {
	case IOC_PART_ROOT:
	case IOC_PART_RECORD:
		return (u->how != IOC_UNPACK_STREAM);
	case IOC_PART_STREAM:
		return (u->how == IOC_UNPACK_STREAM);
	default:
		return (part != IOC_PART_NONE);
	}
}

static int
one(struct unpack *u, struct archive_entry *e, struct ioc_error *err)
{
	const char *inner = NULL, *path = archive_entry_pathname(e);
	enum ioc_backup_part part = ioc_part_of(e, false, &inner);

	if (!belongs(u, part))
		return (damaged(path != NULL ? path : "", "no backup like this "
		    "has it", err));
	if (part < u->next)
		return (damaged(path, "not at its place", err));
	u->next = part == IOC_PART_ROOT ? part : part + 1;
	switch (part) {
	case IOC_PART_ROOT:
		return (member(u, e, inner, err));
	case IOC_PART_STREAM:
		return (stream(u, err));
	case IOC_PART_RECORD:
		return (record(u, err));
	case IOC_PART_SUMS:
		return (u->done ? sums(u, err) :
		    damaged(path, "without what it stands for", err));
	default:
		return (text(u, part, err));
	}
}

/* Of libioc only the tree is taken; a stream beside it would be the rest of it. */
static int
one_old(struct unpack *u, struct archive_entry *e, struct ioc_error *err)
{
	const char *inner = NULL, *path = archive_entry_pathname(e);

	if (ioc_part_of(e, true, &inner) == IOC_PART_ROOT)
		return (member(u, e, inner, err));
	if (path != NULL && ioc_str_ends(path, ".zfs"))
		return (ioc_fail(err, IOC_UNSUPPORTED, "member \"%s\": streams "
		    "in backups of libioc cannot be read", IOC_SHOW(path)));
	return (0);
}

static int
members(struct unpack *u, struct ioc_error *err)
{
	bool old = u->how == IOC_UNPACK_OLD;
	struct archive_entry *e;
	int r;

	do {
		r = ioc_reader_next(u->rd, &e, err);
		if (r == 0 && e != NULL)
			r = old ? one_old(u, e, err) : one(u, e, err);
	} while (r == 0 && e != NULL);
	if (r == 0 && old)
		r = finish_tree(u, err);
	if (r == 0 && !old && u->next <= IOC_PART_SUMS)
		r = ioc_fail(err, IOC_FORMAT, "damaged: truncated, without its "
		    IOC_BACKUP_SUMS);
	return (r);
}

/* What the writer has yet to say of members before an error comes first. */
static int
whole(struct unpack *u, struct ioc_error *err)
{
	struct ioc_error why = { 0 };
	int r = members(u, &why), w;

	if (r == 0 || r == IOC_CANCELED || u->done) {
		if (r != 0)
			ioc_error_copy(err, &why);
		return (r);
	}
	w = ioc_pipe_finish(u->pipe, err);
	if (w == 0)
		ioc_error_copy(err, &why);
	return (w != 0 ? w : r);
}

/* --- the verb ---------------------------------------------------------------------- */

static int
prepare(const struct ioc_request *q, struct unpack *u, struct ioc_error *err)
{
	const struct rlimit most = { BYTES, BYTES };
	uint64_t how;
	struct stat st;
	int r = ioc_request_number(q, "how", &how, err);

	if (r != 0)
		return (r);
	u->how = (enum ioc_backup_how)how;
	if (how > IOC_UNPACK_STREAM ||
	    q->nfds != (how == IOC_UNPACK_STREAM ? 4 : 3))
		return (ioc_fail(err, IOC_INVALID, "unpack: descriptors"));
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++)
		(void)ioc_request_text(q, ioc_backup_texts[i], &u->expected[i],
		    NULL);
	if (fstat(IN_FD, &st) != 0)
		return (ioc_fail_errno(err, "backup"));
	u->size = (uint64_t)st.st_size;
	if (setrlimit(RLIMIT_FSIZE, &most) != 0)
		return (ioc_fail_errno(err, "file size"));
	r = ioc_sha256_new(&u->hash, err);
	return (r == 0 ? ioc_sha256_new(&u->other, err) : r);
}

static int
unpack(struct unpack *u, struct ioc_error *err)
{
	const struct ioc_judge_limits limits = {
		.max_entries = ENTRIES, .max_bytes = BYTES, .setid = true,
	};
	int r = ioc_reader_open(IN_FD, 1, &u->rd, err);

	if (r == 0)
		r = ioc_judge_new(&limits, &u->judge, err);
	if (r == 0)
		r = ioc_writer_new(DIR_FD, ioc_judge_table(u->judge),
		    &u->writer, err);
	if (r == 0)
		r = ioc_pipe_new(u->writer, ioc_judge_table(u->judge), u->hash,
		    &u->pipe, err);
	return (r == 0 ? whole(u, err) : r);
}

int
ioc_verb_unpack(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = {
		.role = IOC_SANDBOX_EXTRACT, .dir_fd = DIR_FD,
	};
	struct unpack u = { .sums = IOC_BUF(IOC_BACKUP_SUMS_TEXT) };
	int r = prepare(q, &u, err);

	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = unpack(&u, err);
	ioc_pipe_free(u.pipe);
	ioc_writer_free(u.writer);
	ioc_judge_free(u.judge);
	ioc_reader_close(u.rd);
	ioc_sha256_free(u.hash);
	ioc_sha256_free(u.other);
	ioc_buf_fini(&u.sums);
	return (r);
}
