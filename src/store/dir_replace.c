/* SPDX-License-Identifier: BSD-2-Clause */
/* A root that takes the place of another's, in a directory source. */
#include "store/dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "safe/file.h"
#include "safe/path.h"
#include "store/volume.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

/* Both are directories of ours: nobody else makes names in them. */
static int
move(int from, const char *name, int to, const char *as,
    struct ioc_error *err)
{
	if (renameat(from, name, to, as) != 0)
		return (ioc_fail_errno(err, "move %s", name));
	if ((fsync(from) != 0 || fsync(to) != 0) && errno != EINVAL)
		return (ioc_fail_errno(err, "sync %s", name));
	return (0);
}

/* The old one goes to the staged volume, the new one comes from there. */
static int
exchange(int vol, int from, const char *name, struct ioc_error *err)
{
	char old[16];
	struct stat st;
	int r = 0;

	(void)snprintf(old, sizeof(old), "old-%s", name);
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 : ioc_fail_errno(err, "%s", name));
	if (fstatat(vol, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = move(vol, name, from, old, err);
	else if (errno != ENOENT)
		r = ioc_fail_errno(err, "%s", name);
	return (r == 0 ? move(from, name, vol, name, err) : r);
}

int
ioc_dir_replace(struct ioc_store *s, const char *vol, const char *from,
    struct ioc_error *err)
{
	auto_fd int to = s->ops->dir(s, vol, err), staged = -1;
	int r = to < 0 ? to : 0;

	if (r == 0)
		r = staged = s->ops->dir(s, from, err);
	if (r >= 0)
		r = exchange(to, staged, "root", err);
	if (r == 0)
		r = exchange(to, staged, "layer", err);
	/* What is beneath the layer may be another release's. */
	if (r == 0)
		r = exchange(to, staged, "origin", err);
	return (ioc_wrap(err, r, "replace the root of %s", vol));
}

int
ioc_dir_rebase(struct ioc_store *s, const char *vol, const char *origin,
    struct ioc_error *err)
{
	char old[IOC_DIR_ORIGIN], line[IOC_DIR_ORIGIN + 1];
	enum ioc_volume_area area;
	auto_fd int fd = -1, new = -1;
	int r = ioc_volume_check(origin, false, &area, err);

	if (r == 0 && area != IOC_VOLUME_RELEASES)
		r = ioc_fail(err, IOC_STATE, "%s is no release", origin);
	if (r == 0)
		r = fd = s->ops->dir(s, vol, err);
	if (r >= 0)
		r = new = s->ops->dir(s, origin, err);
	if (r >= 0)
		r = ioc_dir_origin(fd, old, err);
	if (r == IOC_NOT_FOUND && new >= 0)
		return (0);
	if (r == 0 && (size_t)snprintf(line, sizeof(line), "%s\n", origin) >
	    IOC_DIR_ORIGIN - 1)
		r = ioc_fail(err, IOC_INVALID, "name too long");
	if (r == 0)
		r = ioc_file_replace(fd, "origin", line, strlen(line), 0600,
		    (uid_t)-1, (gid_t)-1, 0, err);
	return (ioc_wrap(err, r, "put %s on %s", vol, origin));
}
