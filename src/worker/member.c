/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/member.h"

#include <string.h>

static const struct {
	const char	*name;
	enum ioc_backup_part part;
} parts[] = {
	{ IOC_BACKUP_INDEX, IOC_PART_INDEX },
	{ IOC_BACKUP_CONFIG, IOC_PART_CONFIG },
	{ IOC_BACKUP_FSTAB, IOC_PART_FSTAB },
	{ IOC_BACKUP_STREAM, IOC_PART_STREAM },
	{ IOC_BACKUP_RECORD, IOC_PART_RECORD },
	{ IOC_BACKUP_SUMS, IOC_PART_SUMS },
};

/* An archive of libioc has its members beneath "."; the dot itself is none. */
static const char *
stripped(const char *path, bool old)
{
	if (!old)
		return (path);
	return (strncmp(path, "./", 2) == 0 ? path + 2 : NULL);
}

const char *
ioc_part_inner(const char *path, bool old)
{
	size_t len = strlen(IOC_BACKUP_ROOT);

	path = stripped(path, old);
	if (path == NULL || strncmp(path, IOC_BACKUP_ROOT, len) != 0)
		return (NULL);
	if (path[len] == '\0' || strcmp(path + len, "/") == 0)
		return (".");
	/* "root//x" would begin with a slash. */
	return (path[len] == '/' && path[len + 1] != '/' ? path + len + 1 :
	    NULL);
}

enum ioc_backup_part
ioc_part_of(struct archive_entry *e, bool old, const char **inner)
{
	const char *path = archive_entry_pathname(e), *in;

	if (path == NULL)
		return (IOC_PART_NONE);
	in = ioc_part_inner(path, old);
	if (in != NULL) {
		if (inner != NULL)
			*inner = in;
		return (IOC_PART_ROOT);
	}
	path = stripped(path, old);
	if (path == NULL || archive_entry_filetype(e) != AE_IFREG ||
	    archive_entry_hardlink(e) != NULL)
		return (IOC_PART_NONE);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strcmp(parts[i].name, path) == 0)
			return (parts[i].part);
	return (IOC_PART_NONE);
}

int
ioc_part_text(struct ioc_reader *rd, const char *name, struct ioc_sha256 *hash,
    struct ioc_buf *text, char hex[IOC_SHA256_HEX], struct ioc_error *err)
{
	const void *data;
	int64_t offset;
	size_t len;
	int r = ioc_sha256_reset(hash, err);

	while (r == 0) {
		r = ioc_reader_block(rd, &data, &len, &offset, err);
		if (r != 0 || data == NULL)
			break;
		/* One that has holes is none of ours. */
		if (offset < 0 || (uint64_t)offset != text->len)
			r = ioc_fail(err, IOC_FORMAT, "damaged: a hole");
		else if (memchr(data, '\0', len) != NULL)
			r = ioc_fail(err, IOC_FORMAT, "damaged: a NUL");
		else if (ioc_buf_add(text, data, len) == IOC_LIMIT)
			r = ioc_fail(err, IOC_LIMIT, "more than %zu bytes",
			    text->max);
		else
			r = ioc_buf_check(text, err);
		if (r == 0)
			r = ioc_sha256_add(hash, data, len, err);
	}
	if (r == 0)
		r = ioc_sha256_hex(hash, hex, err);
	return (ioc_wrap(err, r, "member \"%s\"", name));
}

void
ioc_sums_add(struct ioc_buf *sums, const char *hex, const char *name)
{
	(void)ioc_buf_addf(sums, "%s  %s\n", hex, name);
}
