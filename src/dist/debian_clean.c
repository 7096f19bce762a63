/* SPDX-License-Identifier: BSD-2-Clause */
/* What must not stay in a Debian release: of the host, of its making. */
#include "dist/debian.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "safe/tree_walk.h"

/* --- files that stage one took from the host ------------------------------------ */

static int
put_file(int root, const char *path, const char *text, struct ioc_error *err)
{
	int r = ioc_file_replace(root, path, text, strlen(text), 0644, 0, 0,
	    IOC_FILE_NOSYNC, err);

	return (ioc_wrap(err, r, "write %s", path));
}

int
ioc_debian_neutral(int root, struct ioc_error *err)
{
	struct stat st;
	int r;

	r = put_file(root, "etc/resolv.conf", "", err);
	if (r == 0)
		r = put_file(root, "etc/hostname", "localhost\n", err);
	if (r != 0)
		return (r);
	r = ioc_path_stat(root, "etc/hosts", IOC_PATH_NOLINKS, &st, err);
	if (r == IOC_NOT_FOUND)
		r = put_file(root, "etc/hosts", "127.0.0.1\tlocalhost\n"
		    "::1\t\tlocalhost ip6-localhost ip6-loopback\n", err);
	return (r);
}

/* --- nodes ------------------------------------------------------------------------ */

static int
drop_node(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	int dir = ioc_tree_here(w)->fd;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_tree_fail(w, "stat", name, err));
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return (0);
	if (unlinkat(dir, name, 0) != 0)
		return (ioc_tree_fail(w, "remove", name, err));
	return (0);
}

int
ioc_debian_drop_nodes(int root, struct ioc_error *err)
{
	static const struct ioc_tree_ops ops = { .file = drop_node };
	struct ioc_tree_walk w = { .ops = &ops };

	return (ioc_wrap(err, ioc_tree_walk(&w, root, -1, err),
	    "remove device nodes"));
}

/* --- the rest ------------------------------------------------------------------------ */

/* Nothing there is success. */
static int
drop_file(int root, const char *path, struct ioc_error *err)
{
	int r = ioc_path_unlink(root, path, IOC_PATH_NOLINKS, err);

	return (r == IOC_NOT_FOUND ? 0 : ioc_wrap(err, r, "remove %s", path));
}

/* Removes what is in a directory. */
static int
drop_content(int root, const char *path, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(root, path, IOC_PATH_NOLINKS, err);
	auto_dir DIR *d = NULL;
	const struct dirent *e;
	int copy, r;

	if (fd == IOC_NOT_FOUND)
		return (0);
	if (fd < 0)
		return (ioc_wrap(err, fd, "empty %s", path));
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	d = copy < 0 ? NULL : fdopendir(copy);
	if (d == NULL) {
		r = ioc_fail_errno(err, "empty %s", path);
		ioc_fd_close(&copy);
		return (r);
	}
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = ioc_tree_remove(fd, e->d_name, err);
		if (r != 0)
			return (ioc_wrap(err, r, "empty %s", path));
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "empty %s", path));
	return (0);
}

/* Every jail gets an identity of its own when it first asks for one. */
static int
forget_identity(int root, struct ioc_error *err)
{
	struct stat st;
	int r;

	r = ioc_path_stat(root, "etc/machine-id", IOC_PATH_NOLINKS, &st, err);
	if (r == 0)
		r = ioc_file_replace(root, "etc/machine-id", "", 0, 0444, 0, 0,
		    IOC_FILE_NOSYNC, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (ioc_wrap(err, r, "empty etc/machine-id"));
	return (drop_file(root, "var/lib/dbus/machine-id", err));
}

int
ioc_debian_clean(const struct ioc_dist_job *job, struct ioc_error *err)
{
	static const char *const emptied[] = {
		"var/cache/apt/archives", "var/lib/apt/lists", "tmp",
		"var/tmp", NULL
	};
	static const char *const dropped[] = {
		IOC_DEBIAN_DPKG_CONF, "usr/sbin/policy-rc.d",
		"var/cache/apt/pkgcache.bin", "var/cache/apt/srcpkgcache.bin",
		/* tells paths of the host */
		"var/log/bootstrap.log", NULL
	};
	int root = job->root_fd, r;

	r = ioc_tree_remove(root, "debootstrap", err);
	for (const char *const *p = emptied; r == 0 && *p != NULL; p++)
		r = drop_content(root, *p, err);
	for (const char *const *p = dropped; r == 0 && *p != NULL; p++)
		r = drop_file(root, *p, err);
	if (r == 0)
		r = forget_identity(root, err);
	if (r == 0)
		r = ioc_debian_neutral(root, err);
	if (r == 0)
		r = ioc_debian_drop_nodes(root, err);
	return (ioc_wrap(err, r, "clean"));
}
