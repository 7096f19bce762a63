/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a directory a source, and opening one that is. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "store/dir.h"

#define	MARKER		".ioc"
#define	MARKER_MAX	4096
#define	VOLUME_MODE	0700
#define	SOURCE_MODE	0711

/* Links have no place in what is ours. */
#define	OURS		(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

static const char *const layout[] = {
	"releases", "jails", ".staging", ".journal", ".ids", "cache", NULL
};

/* NOT_FOUND without a marker, FORMAT or UNSUPPORTED when it is another one. */
static int
read_marker(int fd, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MARKER_MAX);
	auto_json json_t *j = NULL;
	const json_t *v;
	int r;

	r = ioc_file_read(fd, MARKER, &b, err);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "it is no source yet: "
		    "activate it first"));
	if (r == 0)
		r = ioc_json_parse(ioc_buf_str(&b), b.len, &j, err);
	if (r != 0)
		return (ioc_wrap(err, r, MARKER));
	v = json_object_get(j, "layout");
	if (!json_is_integer(v) ||
	    !json_is_string(json_object_get(j, "id")))
		return (ioc_fail(err, IOC_FORMAT, MARKER ": layout or id is "
		    "missing"));
	if (json_integer_value(v) != IOC_DIR_LAYOUT)
		return (ioc_fail(err, IOC_UNSUPPORTED, "its layout is version "
		    "%" JSON_INTEGER_FORMAT ", known is %d",
		    json_integer_value(v), IOC_DIR_LAYOUT));
	return (0);
}

static int
write_marker(int fd, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MARKER_MAX);
	auto_json json_t *j = NULL;
	unsigned char id[16];
	char hex[2 * sizeof(id) + 1];
	int r;

	ioc_random(id, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
	j = json_pack("{s:i, s:s}", "layout", IOC_DIR_LAYOUT, "id", hex);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_json_print(j, &b, err);
	if (r != 0)
		return (r);
	return (ioc_file_replace(fd, MARKER, ioc_buf_str(&b), b.len, 0644,
	    (uid_t)-1, (gid_t)-1, 0, err));
}

/* STATE when somebody else's files are there. */
static int
check_foreign(int fd, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = ioc_dir_names(fd, ".", &names, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.v[i], "lost+found") == 0 ||
		    ioc_str_starts(names.v[i], ".ioc-tmp-"))
			continue;
		return (ioc_fail(err, IOC_STATE, "it is not empty: it holds "
		    "\"%s\"", IOC_SHOW(names.v[i])));
	}
	return (0);
}

/* Opens the directory, making its last component if it is missing. */
static int
open_or_make(const char *where, struct ioc_error *err)
{
	auto_free char *parent = NULL;
	auto_fd int dir = -1;
	const char *slash;
	int fd;

	fd = ioc_path_root(where, err);
	if (fd != IOC_NOT_FOUND)
		return (fd);
	slash = strrchr(where, '/');
	parent = strndup(where, slash == where ? 1 : (size_t)(slash - where));
	if (parent == NULL)
		return (ioc_fail_nomem(err));
	dir = ioc_path_root(parent, err);
	if (dir < 0)
		return (dir);
	return (ioc_path_mkdir(dir, slash + 1, SOURCE_MODE, OURS, err));
}

int
ioc_dir_activate(const char *where, const char *mountpoint,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	int r;

	if (where[0] != '/' || where[1] == '\0' || ioc_str_ends(where, "/"))
		return (ioc_fail(err, IOC_INVALID, "an absolute path of a "
		    "directory is needed"));
	if (mountpoint != NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "a directory source has no mount point"));
	fd = open_or_make(where, err);
	if (fd < 0)
		return (fd);
	r = ioc_store_check_owner(fd, err);
	if (r == 0)
		r = read_marker(fd, err);
	if (r == IOC_NOT_FOUND) {
		r = check_foreign(fd, err);
		if (r == 0 && fchmod(fd, SOURCE_MODE) != 0)
			r = ioc_fail_errno(err, "set its mode");
		/* the marker first: from here on the rest can be repeated */
		if (r == 0)
			r = write_marker(fd, err);
	}
	if (r != 0)
		return (r);
	for (const char *const *p = layout; *p != NULL; p++) {
		auto_fd int sub = ioc_path_mkdirs(fd, *p, VOLUME_MODE,
		    (uid_t)-1, (gid_t)-1, OURS, err);

		if (sub < 0)
			return (ioc_wrap(err, sub, "make %s", *p));
	}
	return (ioc_file_sync_dir(fd, err));
}

int
ioc_dir_open(const char *where, struct ioc_os *os, struct ioc_store **ret,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct ioc_store *s;
	struct stat st;
	int r;

	fd = ioc_path_root(where, err);
	if (fd < 0)
		return (fd);
	r = read_marker(fd, err);
	if (r == 0)
		r = ioc_store_check_owner(fd, err);
	if (r != 0)
		return (r);
	for (const char *const *p = layout; *p != NULL; p++)
		if (fstatat(fd, *p, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISDIR(st.st_mode))
			return (ioc_fail(err, IOC_STATE, "%s is missing: "
			    "activate it again", *p));
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (ioc_fail_nomem(err));
	s->where = strdup(where);
	s->path = strdup(where);
	if (s->where == NULL || s->path == NULL) {
		free(s->where);
		free(s->path);
		free(s);
		return (ioc_fail_nomem(err));
	}
	s->ops = &ioc_store_dir;
	s->os = os;
	s->root = take_fd(&fd);
	*ret = s;
	return (0);
}

void
ioc_dir_close(struct ioc_store *s)
{
	ioc_fd_close(&s->root);
	free(s->where);
	free(s->path);
	free(s);
}
