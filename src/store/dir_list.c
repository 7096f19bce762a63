/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in the directories of a directory source. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/path.h"
#include "store/dir.h"
#include "store/volume.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

static int
open_dir(int root, const char *path, DIR **ret, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(root, path, OURS, err);

	if (fd < 0)
		return (fd);
	*ret = fdopendir(fd);
	if (*ret == NULL)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(path)));
	(void)take_fd(&fd);
	return (0);
}

int
ioc_dir_names(int root, const char *path, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_dir DIR *d = NULL;
	const struct dirent *e;
	int r = open_dir(root, path, &d, err);

	if (r != 0)
		return (r);
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			(void)ioc_strv_add(ret, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(path)));
	return (ioc_strv_check(ret, err));
}

/*
 * Is the entry a volume of ours?  Jails are many, and one that something is
 * mounted on should be seen: its directory is not looked at here.
 */
static int
is_volume(int dir, const struct dirent *e, const char *parent,
    enum ioc_volume_area area, struct ioc_error *err)
{
	struct ioc_error cause;
	struct stat st;
	int r;
	size_t n = strlen(parent), len = strlen(e->d_name);
	char vol[512];

	if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN)
		return (0);
	if (n + 1 + len >= sizeof(vol))
		return (0);
	memcpy(vol, parent, n);
	vol[n] = '/';
	memcpy(vol + n + 1, e->d_name, len + 1);
	/* what could not have been made by us is not ours */
	if (ioc_volume_check(vol, false, NULL, NULL) != 0)
		return (0);
	if (area == IOC_VOLUME_JAILS && e->d_type == DT_DIR)
		return (1);
	r = ioc_path_stat(dir, e->d_name, OURS, &st, &cause);
	if (r == 0)
		return (S_ISDIR(st.st_mode));
	if (!ioc_error_is_shortage(&cause))
		return (0);
	ioc_error_copy(err, &cause);
	return (r);
}

int
ioc_dir_list(struct ioc_store *s, const char *parent, struct ioc_strv *ret,
    struct ioc_error *err)
{
	enum ioc_volume_area area;
	const struct dirent *e;
	auto_dir DIR *d = NULL;
	int r;

	r = ioc_volume_check(parent, true, &area, err);
	if (r == 0)
		r = open_dir(s->root, parent, &d, err);
	if (r != 0)
		return (ioc_wrap(err, r, "list %s", IOC_SHOW(parent)));
	while ((errno = 0, e = readdir(d)) != NULL) {
		r = is_volume(dirfd(d), e, parent, area, err);
		if (r < 0)
			return (r);
		if (r > 0)
			(void)ioc_strv_add(ret, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(parent)));
	return (ioc_strv_check(ret, err));
}
