/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the run directory: which jails were started, and what they are. */
#include "os/freebsd/freebsd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define	SUFFIX		".jail"
#define	RECORD_MAX	4096
#define	FILE_NAME	(FB_NAME_MAX + 16)

static void
file_name(char out[FILE_NAME], const char *name, bool temporary)
{
	(void)snprintf(out, FILE_NAME, "%s%s%s", temporary ? "." : "", name,
	    SUFFIX);
}

/* The path stands last and is the rest of its line. */
static int
record_text(char out[RECORD_MAX], const struct fb_record *r)
{
	return (snprintf(out, RECORD_MAX, "ioc 1\nname %s\nboot %s\n"
	    "jid %" PRId32 "\ntime %" PRIu64 "\ndev %" PRIu64 "\n"
	    "ino %" PRIu64 "\nephemeral %d\nruleset %" PRIu32 "\npath %s\n"
	    "end 1\n", r->name, r->boot, r->jid, r->time, r->dev, r->ino,
	    r->ephemeral, r->ruleset, r->path));
}

static int
write_new(struct ioc_os *os, const struct fb_record *r, const char *file,
    int flags, struct ioc_error *err)
{
	char text[RECORD_MAX];
	int len = record_text(text, r);
	auto_fd int fd = openat(os->run_fd, file,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600);

	if (fd < 0 && errno == EEXIST)
		return (ioc_fail(err, IOC_EXISTS,
		    "jail %s has a record in the run directory", r->name));
	if (fd < 0)
		return (ioc_fail_errno(err, "run directory: create %s", file));
	if (write(fd, text, (size_t)len) != len)
		return (ioc_fail_errno(err, "run directory: write %s", file));
	return (0);
}

int
ioc_fb_record_claim(struct ioc_os *os, const struct fb_record *r,
    struct ioc_error *err)
{
	char file[FILE_NAME];

	file_name(file, r->name, false);
	return (write_new(os, r, file, O_EXCL, err));
}

int
ioc_fb_record_write(struct ioc_os *os, const struct fb_record *r,
    struct ioc_error *err)
{
	char file[FILE_NAME], temporary[FILE_NAME];
	int rc;

	file_name(file, r->name, false);
	file_name(temporary, r->name, true);
	rc = write_new(os, r, temporary, O_TRUNC, err);
	if (rc == 0 && renameat(os->run_fd, temporary, os->run_fd, file) != 0)
		rc = ioc_fail_errno(err, "run directory: rename %s", file);
	if (rc != 0)
		(void)unlinkat(os->run_fd, temporary, 0);
	return (rc);
}

/* One line "key value" into the record; false for what it does not know. */
static bool
record_line(struct fb_record *r, const char *key, const char *value)
{
	uint64_t v;

	if (strcmp(key, "name") == 0)
		return (strcmp(r->name, value) == 0);
	if (strcmp(key, "boot") == 0)
		return (strlcpy(r->boot, value, sizeof(r->boot)) <
		    sizeof(r->boot));
	if (strcmp(key, "path") == 0)
		return (strlcpy(r->path, value, sizeof(r->path)) <
		    sizeof(r->path));
	if (ioc_str_to_u64(value, 0, UINT64_MAX, &v, NULL) != 0)
		return (false);
	if (strcmp(key, "jid") == 0)
		r->jid = v <= INT32_MAX ? (int32_t)v : 0;
	else if (strcmp(key, "time") == 0)
		r->time = v;
	else if (strcmp(key, "dev") == 0)
		r->dev = v;
	else if (strcmp(key, "ino") == 0)
		r->ino = v;
	else if (strcmp(key, "ephemeral") == 0)
		r->ephemeral = v != 0;
	else if (strcmp(key, "ruleset") == 0)
		r->ruleset = (uint32_t)v;
	else
		return (strcmp(key, "ioc") == 0 && v == 1);
	return (true);
}

/* False when the text is damaged or cut. */
static bool
record_parse(struct fb_record *r, char *text)
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
		if (!record_line(r, line, space + 1))
			return (false);
	}
	return (false);
}

/* Without the right to read the run directory. */
static int
unknown(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_PERMISSION, "what runs is known to root only"));
}

int
ioc_fb_record_read(struct ioc_os *os, const char *name, struct fb_record *r,
    struct ioc_error *err)
{
	char file[FILE_NAME], text[RECORD_MAX];
	auto_fd int fd = -1;
	ssize_t n;

	if (os->run_fd < 0)
		return (unknown(err));
	file_name(file, name, false);
	fd = openat(os->run_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
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
	*r = (struct fb_record){ .jid = 0 };
	(void)strlcpy(r->name, name, sizeof(r->name));
	if (!record_parse(r, text)) {
		/* A crash cut it. */
		*r = (struct fb_record){ .jid = 0 };
		(void)strlcpy(r->name, name, sizeof(r->name));
	}
	return (0);
}

int
ioc_fb_record_remove(struct ioc_os *os, const char *name,
    struct ioc_error *err)
{
	char file[FILE_NAME];

	file_name(file, name, true);
	(void)unlinkat(os->run_fd, file, 0);
	file_name(file, name, false);
	if (unlinkat(os->run_fd, file, 0) != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "run directory: remove %s", file));
	return (0);
}

int
ioc_fb_record_each(struct ioc_os *os,
    int (*fn)(const struct fb_record *r, void *arg), void *arg,
    struct ioc_error *err)
{
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	int rc, fd;

	if (os->run_fd < 0)
		return (unknown(err));
	fd = openat(os->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		rc = ioc_fail_errno(err, "run directory: open");
		ioc_fd_close(&fd);
		return (rc);
	}
	while ((de = readdir(dir)) != NULL) {
		size_t len = strlen(de->d_name), tail = strlen(SUFFIX);
		char name[FB_NAME_MAX + 1];
		struct fb_record r;

		if (de->d_name[0] == '.' || len <= tail ||
		    len - tail > FB_NAME_MAX ||
		    strcmp(de->d_name + len - tail, SUFFIX) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len - tail),
		    de->d_name);
		rc = ioc_fb_record_read(os, name, &r, err);
		if (rc == IOC_NOT_FOUND)
			continue;
		if (rc != 0 || (rc = fn(&r, arg)) != 0)
			return (rc);
	}
	return (0);
}
