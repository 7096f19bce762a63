/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"

#define	SUFFIX		".jail"
#define	RECORD_MAX	4096
#define	FILE_NAME	(IOC_RECORD_NAME + 16)

union record {			/* aligned for any of them */
	char	 bytes[RECORD_MAX];
	uint64_t number;
};

static void
file_name(char out[FILE_NAME], const char *name, bool temporary)
{
	(void)snprintf(out, FILE_NAME, "%s%s%s", temporary ? "." : "", name,
	    SUFFIX);
}

/* --- as text ---------------------------------------------------------------- */

static uint64_t
number_at(const void *p, enum ioc_record_type type)
{
	switch (type) {
	case IOC_RECORD_BOOL:
		return (*(const bool *)p);
	case IOC_RECORD_U32:
		return (*(const uint32_t *)p);
	case IOC_RECORD_I32:
		return ((uint64_t)*(const int32_t *)p);
	case IOC_RECORD_I64:
		return ((uint64_t)*(const int64_t *)p);
	default:
		return (*(const uint64_t *)p);
	}
}

static bool
set_number(void *p, enum ioc_record_type type, uint64_t v)
{
	switch (type) {
	case IOC_RECORD_BOOL:
		*(bool *)p = v != 0;
		return (v <= 1);
	case IOC_RECORD_U32:
		*(uint32_t *)p = (uint32_t)v;
		return (v <= UINT32_MAX);
	case IOC_RECORD_I32:
		*(int32_t *)p = (int32_t)v;
		return (v <= INT32_MAX);
	case IOC_RECORD_I64:
		*(int64_t *)p = (int64_t)v;
		return (v <= INT64_MAX);
	default:
		*(uint64_t *)p = v;
		return (true);
	}
}

static size_t
record_text(char out[RECORD_MAX], const struct ioc_record_kind *k,
    const void *r)
{
	size_t len;

	len = (size_t)snprintf(out, RECORD_MAX, "ioc 1\nname %s\n",
	    (const char *)r);
	for (size_t i = 0; i < k->nfields && len < RECORD_MAX; i++) {
		const struct ioc_record_field *f = &k->fields[i];
		const char *p = (const char *)r + f->at;

		len += (size_t)(f->type == IOC_RECORD_TEXT ?
		    snprintf(out + len, RECORD_MAX - len, "%s %s\n", f->key,
		    p) :
		    snprintf(out + len, RECORD_MAX - len, "%s %" PRIu64 "\n",
		    f->key, number_at(p, f->type)));
	}
	if (len < RECORD_MAX)
		len += (size_t)snprintf(out + len, RECORD_MAX - len,
		    "end 1\n");
	return (len);
}

/* One line "key value"; false for what is not known, or cannot be. */
static bool
record_line(const struct ioc_record_kind *k, void *r, const char *key,
    const char *value)
{
	uint64_t v;

	if (strcmp(key, "ioc") == 0)
		return (strcmp(value, "1") == 0);
	if (strcmp(key, "name") == 0)
		return (strcmp(r, value) == 0);
	for (size_t i = 0; i < k->nfields; i++) {
		const struct ioc_record_field *f = &k->fields[i];
		char *p = (char *)r + f->at;

		if (strcmp(key, f->key) != 0)
			continue;
		if (f->type == IOC_RECORD_TEXT)
			return ((size_t)snprintf(p, f->size, "%s", value) <
			    f->size);
		return (ioc_str_to_u64(value, 0, UINT64_MAX, &v, NULL) == 0 &&
		    set_number(p, f->type, v));
	}
	return (false);
}

/* False when the text is damaged or cut. */
static bool
record_parse(const struct ioc_record_kind *k, void *r, char *text)
{
	for (char *line = text, *end; *line != '\0'; line = end + 1) {
		char *space;

		end = strchr(line, '\n');
		if (end == NULL)
			return (false);
		*end = '\0';
		if (strcmp(line, "end 1") == 0)
			return (end[1] == '\0');
		space = strchr(line, ' ');
		if (space == NULL)
			return (false);
		*space = '\0';
		if (!record_line(k, r, line, space + 1))
			return (false);
	}
	return (false);
}

/* --- as a file --------------------------------------------------------------- */

static int
write_new(int run_fd, const struct ioc_record_kind *k, const void *r,
    const char *file, int flags, struct ioc_error *err)
{
	char text[RECORD_MAX];
	size_t len = record_text(text, k, r);
	auto_fd int fd = -1;
	int rc;

	if (len >= sizeof(text))
		return (ioc_fail(err, IOC_LIMIT,
		    "jail %s: its record is too long", (const char *)r));
	fd = openat(run_fd, file, O_WRONLY | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | flags, 0600);
	if (fd < 0 && errno == EEXIST)
		return (ioc_fail(err, IOC_EXISTS, "jail %s has a record in the "
		    "run directory", (const char *)r));
	if (fd < 0)
		return (ioc_fail_errno(err, "run directory: create %s", file));
	rc = ioc_file_write_all(fd, text, len, err);
	/* On a full disk there is none rather than half of one. */
	if (rc != 0)
		(void)unlinkat(run_fd, file, 0);
	return (ioc_wrap(err, rc, "run directory: %s", file));
}

int
ioc_record_claim(int run_fd, const struct ioc_record_kind *k, const void *r,
    struct ioc_error *err)
{
	char file[FILE_NAME];

	file_name(file, r, false);
	return (write_new(run_fd, k, r, file, O_EXCL, err));
}

int
ioc_record_write(int run_fd, const struct ioc_record_kind *k, const void *r,
    struct ioc_error *err)
{
	char file[FILE_NAME], temporary[FILE_NAME];
	int rc;

	file_name(file, r, false);
	file_name(temporary, r, true);
	rc = write_new(run_fd, k, r, temporary, O_TRUNC, err);
	if (rc == 0 && renameat(run_fd, temporary, run_fd, file) != 0)
		rc = ioc_fail_errno(err, "run directory: rename %s", file);
	if (rc != 0)
		(void)unlinkat(run_fd, temporary, 0);
	return (rc);
}

/* Without the right to read the run directory. */
static int
unknown(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_PERMISSION,
	    "what runs is known to root only"));
}

static void
empty(const struct ioc_record_kind *k, const void *from, const char *name,
    void *r)
{
	if (from != NULL)
		memcpy(r, from, k->size);
	else
		memset(r, 0, k->size);
	(void)snprintf(r, IOC_RECORD_NAME + 1, "%s", name);
}

int
ioc_record_read(int run_fd, const struct ioc_record_kind *k, const char *name,
    void *r, struct ioc_error *err)
{
	char file[FILE_NAME], text[RECORD_MAX];
	auto_fd int fd = -1;
	ssize_t n;

	if (run_fd < 0)
		return (unknown(err));
	file_name(file, name, false);
	fd = openat(run_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return (ioc_fail(err, IOC_NOT_FOUND, "jail %s is not running",
		    name));
	if (fd < 0)
		return (ioc_fail_errno(err, "run directory: open %s", file));
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (ioc_fail_errno(err, "run directory: read %s", file));
	text[n] = '\0';
	empty(k, NULL, name, r);
	if (strlen(text) != (size_t)n || !record_parse(k, r, text))
		empty(k, k->damaged, name, r);
	return (0);
}

int
ioc_record_remove(int run_fd, const char *name, struct ioc_error *err)
{
	char file[FILE_NAME];

	file_name(file, name, true);
	(void)unlinkat(run_fd, file, 0);
	file_name(file, name, false);
	if (unlinkat(run_fd, file, 0) != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "run directory: remove %s", file));
	return (0);
}

/* The name of the jail whose record a file is; false when it is none. */
static bool
jail_of(const char *file, char name[IOC_RECORD_NAME + 1])
{
	size_t len = strlen(file), tail = strlen(SUFFIX);

	if (file[0] == '.' || len <= tail || len - tail > IOC_RECORD_NAME ||
	    strcmp(file + len - tail, SUFFIX) != 0)
		return (false);
	memcpy(name, file, len - tail);
	name[len - tail] = '\0';
	return (true);
}

int
ioc_record_each(int run_fd, const struct ioc_record_kind *k,
    int (*fn)(const void *r, void *arg), void *arg, struct ioc_error *err)
{
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	union record r;
	int rc, fd;

	if (run_fd < 0)
		return (unknown(err));
	fd = openat(run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		rc = ioc_fail_errno(err, "run directory: open");
		ioc_fd_close(&fd);
		return (rc);
	}
	while ((errno = 0, de = readdir(dir)) != NULL) {
		char name[IOC_RECORD_NAME + 1];

		if (!jail_of(de->d_name, name))
			continue;
		rc = ioc_record_read(run_fd, k, name, &r, err);
		if (rc == IOC_NOT_FOUND)
			continue;
		if (rc != 0 || (rc = fn(&r, arg)) != 0)
			return (rc);
	}
	return (errno == 0 ? 0 : ioc_fail_errno(err, "run directory: read"));
}

/* --- what is told of them ------------------------------------------------------ */

int
ioc_record_info(const struct ioc_os *os, int run_fd,
    const struct ioc_record_kind *k, ioc_record_fill *fill, const char *name,
    struct ioc_os_jail_info *info, struct ioc_error *err)
{
	union record r;
	int rc = ioc_record_read(run_fd, k, name, &r, err);

	if (rc != 0 && rc != IOC_NOT_FOUND)
		return (rc);
	*info = (struct ioc_os_jail_info){ .state = rc == 0 ?
	    IOC_OS_JAIL_PARTIAL : IOC_OS_JAIL_NONE };
	(void)snprintf(info->name, sizeof(info->name), "%s", name);
	if (rc == 0)
		fill(os, &r, info);
	return (0);
}

struct listing {
	const struct ioc_os	*os;
	ioc_record_fill		*fill;
	struct ioc_os_jail_info	*v;
	size_t			 n, cap;
};

static int
add_info(const void *r, void *arg)
{
	struct listing *l = arg;
	struct ioc_os_jail_info *info;

	if (l->n == l->cap) {
		size_t cap = l->cap != 0 ? 2 * l->cap : 16;
		void *v = reallocarray(l->v, cap, sizeof(*l->v));

		if (v == NULL)
			return (IOC_NOMEM);
		l->v = v;
		l->cap = cap;
	}
	info = &l->v[l->n++];
	*info = (struct ioc_os_jail_info){ .state = IOC_OS_JAIL_PARTIAL };
	(void)snprintf(info->name, sizeof(info->name), "%s",
	    (const char *)r);
	l->fill(l->os, r, info);
	return (0);
}

int
ioc_record_list(const struct ioc_os *os, int run_fd,
    const struct ioc_record_kind *k, ioc_record_fill *fill,
    struct ioc_os_jail_info **ret, size_t *n, struct ioc_error *err)
{
	struct listing l = { .os = os, .fill = fill };
	int rc = ioc_record_each(run_fd, k, add_info, &l, err);

	if (rc != 0) {
		free(l.v);
		return (rc == IOC_NOMEM ? ioc_fail_nomem(err) : rc);
	}
	*ret = l.v;
	*n = l.n;
	return (0);
}
