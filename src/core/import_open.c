/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a backup comes from: a file, a pipe or a directory. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/event.h"
#include "core/import.h"
#include "safe/file.h"
#include "safe/path.h"

#define	CHUNK		((size_t)256 * 1024)
#define	SPOOL_MAX	(UINT64_C(64) << 30)	/* bytes that come through a pipe */

static int
receiving(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_import *i = arg;

	return (ioc_emit_progress(i->build.host, "jail.import/receive",
	    i->build.name, done, total, true, NULL));
}

/* All of a pipe into a file that has no name. */
static int
spool(struct ioc_import *i, int from, struct ioc_error *err)
{
	auto_free char *buf = malloc(CHUNK);
	uint64_t done = 0;
	ssize_t n = 1;
	int r;

	if (buf == NULL)
		return (ioc_fail_nomem(err));
	r = i->in_fd = ioc_source_scratch(i->build.source, err);
	for (r = r < 0 ? r : 0; r == 0 && n > 0; done += (uint64_t)n) {
		do {
			n = read(from, buf, CHUNK);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return (ioc_fail_errno(err, "read the backup"));
		if ((uint64_t)n > SPOOL_MAX - done)
			return (ioc_fail(err, IOC_LIMIT, "more than %u GiB",
			    (unsigned)(SPOOL_MAX >> 30)));
		r = ioc_file_write_all(i->in_fd, buf, (size_t)n, err);
		if (r == 0 && receiving(done + (uint64_t)n, 0, i) != 0)
			r = ioc_fail(err, IOC_CANCELED, "canceled");
	}
	return (r);
}

/* --- a directory ---------------------------------------------------------------- */

static int
read_text(int dir, const char *name, struct ioc_buf *b, bool needed,
    struct ioc_error *err)
{
	struct ioc_error e;
	int r = ioc_file_read(dir, name, b, &e);

	if (r == 0 && strlen(ioc_buf_str(b)) != b->len)
		r = ioc_fail(&e, IOC_FORMAT, "%s: a NUL", name);
	if (r == 0 || (r == IOC_NOT_FOUND && !needed))
		return (0);
	ioc_error_copy(err, &e);
	return (r);
}

/* An index for what libioc has written, which has none. */
static int
old_index(struct ioc_import *i, int dir, struct ioc_buf *b,
    struct ioc_error *err)
{
	struct ioc_backup_index index = { .kind = IOC_KIND_FULL };
	struct stat st;

	if (fstatat(dir, IOC_BACKUP_STREAM, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "streams in backups of "
		    "libioc cannot be read"));
	i->old = true;
	(void)snprintf(index.name, sizeof(index.name), "%s", i->o->name != NULL ?
	    i->o->name : "jail");
	(void)snprintf(index.system, sizeof(index.system), "FreeBSD");
	(void)snprintf(index.arch, sizeof(index.arch), "-");
	(void)snprintf(index.created, sizeof(index.created), "-");
	return (ioc_backup_index_print(&index, b, err));
}

/* The same archive as it was spread from, and so are its hashes. */
static int
pack_directory(struct ioc_import *i, int dir, struct ioc_buf *text,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf sums = IOC_BUF(IOC_BACKUP_SUMS_TEXT);
	auto_fd int record = -1, root = -1;
	struct ioc_verify_layer layer = { -1, "" };
	struct ioc_backup_pack p = {
		.helper_dir = i->build.host->helper_dir, .layers = &layer,
		.nlayers = 1, .other_fd = -1, .stream_fd = -1,
		.progress = receiving, .arg = i,
	};
	int r;

	layer.fd = root = ioc_path_dir(dir, IOC_BACKUP_ROOT, IOC_PATH_NOLINKS,
	    err);
	if (root < 0)
		return (root);
	p.record_fd = record = ioc_source_scratch(i->build.source, err);
	p.out_fd = i->in_fd = record < 0 ? record :
	    ioc_source_scratch(i->build.source, err);
	if (i->in_fd < 0)
		return (i->in_fd);
	for (size_t n = 0; n < IOC_BACKUP_TEXTS; n++)
		p.text[n] = text[n].len > 0 ? text[n].data : NULL;
	r = ioc_backup_write(&p, err);
	if (r == 0 && !i->old)
		r = read_text(dir, IOC_BACKUP_SUMS, &sums, true, err);
	if (r == 0 && !i->old && strcmp(ioc_buf_str(&sums), p.sums) != 0)
		r = ioc_fail(err, IOC_VERIFY, "it is not what its "
		    IOC_BACKUP_SUMS " says");
	return (r);
}

static int
open_directory(struct ioc_import *i, int dir, struct ioc_error *err)
{
	struct ioc_buf text[IOC_BACKUP_TEXTS] = {
		IOC_BUF(IOC_BACKUP_TEXT), IOC_BUF(IOC_BACKUP_TEXT),
		IOC_BUF(IOC_BACKUP_TEXT),
	};
	int r = 0;

	for (size_t n = 0; r == 0 && n < IOC_BACKUP_TEXTS; n++)
		r = read_text(dir, ioc_backup_texts[n], &text[n],
		    n == IOC_TEXT_CONFIG, err);
	if (r == 0 && text[IOC_TEXT_INDEX].len == 0)
		r = old_index(i, dir, &text[IOC_TEXT_INDEX], err);
	if (r == 0)
		r = pack_directory(i, dir, text, err);
	for (size_t n = 0; n < IOC_BACKUP_TEXTS; n++)
		ioc_buf_fini(&text[n]);
	return (r);
}

/* --- the archive ------------------------------------------------------------------ */

static int
open_file(struct ioc_import *i, struct ioc_error *err)
{
	auto_fd int fd = ioc_file_open_host(i->o->file, err);
	struct stat st;

	if (fd < 0)
		return (fd);
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "%s", IOC_SHOW(i->o->file)));
	if (S_ISDIR(st.st_mode))
		return (open_directory(i, fd, err));
	if (i->o->format == IOC_FORMAT_DIRECTORY)
		return (ioc_fail(err, IOC_INVALID, "%s is not a directory",
		    IOC_SHOW(i->o->file)));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID, "%s is neither a file nor a "
		    "directory", IOC_SHOW(i->o->file)));
	i->in_fd = take_fd(&fd);
	return (0);
}

int
ioc_import_open(struct ioc_import *i, struct ioc_error *err)
{
	int r = i->o->file != NULL ? open_file(i, err) :
	    spool(i, i->o->fd, err);

	if (r == 0)
		r = ioc_backup_read_head(i->build.host->helper_dir, i->in_fd,
		    &i->head, err);
	i->old = i->old || i->head.old;
	if (r != 0 || i->head.old)
		return (r);
	r = ioc_backup_index_parse(i->head.text[IOC_TEXT_INDEX],
	    strlen(i->head.text[IOC_TEXT_INDEX]), &i->index, err);
	return (ioc_wrap(err, r, IOC_BACKUP_INDEX));
}
