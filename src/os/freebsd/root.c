/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system of a jail: its root, what is mounted into it, and undone. */
#include "os/freebsd/freebsd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "safe/path.h"

#define	JAIL_RULESET	4	/* of devfs.rules(5): for jails */

struct build {
	struct ioc_os_jail *j;
	const struct ioc_os_root *root;
	const struct ioc_os_mount *mounts;
	size_t		 n;
};

/* The release's directories, read-only, over those of the jail. */
static int
mount_base(const struct ioc_os_root *root, struct ioc_error *err)
{
	for (const char *const *d = root->base_dirs; *d != NULL; d++) {
		auto_fd int from = ioc_path_dir(root->lower, *d,
		    IOC_PATH_NOLINKS, err);
		int rc;

		/* A release that does not have it. */
		if (from == IOC_NOT_FOUND)
			continue;
		rc = from < 0 ? from : ioc_fb_mount_null(root->root, *d, from,
		    IOC_MNT_RDONLY, err);
		if (rc != 0)
			return (rc);
	}
	return (0);
}

static int
mount_all(void *arg, struct ioc_error *err)
{
	const struct build *b = arg;
	int rc = 0;

	if (b->root->kind == IOC_ROOT_NULLFS)
		rc = mount_base(b->root, err);
	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		const struct ioc_os_mount *m = &b->mounts[i];

		rc = ioc_fb_mount_one(b->root->root, m,
		    m->devfs_ruleset == JAIL_RULESET ? b->j->r.ruleset :
		    m->devfs_ruleset, err);
	}
	return (rc);
}

/* Ruleset 4 is the minimal set: of that each jail gets its own. */
static int
make_ruleset(struct ioc_os_jail *j, const struct ioc_os_mount *mounts,
    size_t n, struct ioc_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (mounts[i].kind == IOC_MOUNT_DEV &&
		    mounts[i].devfs_ruleset == JAIL_RULESET)
			return (ioc_fb_devfs_make(j->os, j->r.name,
			    (mounts[i].flags & IOC_MNT_BARE) != 0,
			    &j->r.ruleset, err));
	return (0);
}

static int
open_root(struct ioc_os_jail *j, const struct ioc_os_root *root,
    struct ioc_error *err)
{
	struct stat st;

	if (root->kind == IOC_ROOT_OVERLAY || root->readonly)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "overlays and read-only roots exist on Linux only"));
	if (fstat(root->root, &st) != 0)
		return (ioc_fail_errno(err, "root of the jail"));
	j->r.dev = st.st_dev;
	j->r.ino = st.st_ino;
	return (ioc_fb_path_of(root->root, j->r.path, err));
}

int
ioc_os_jail_mount(struct ioc_os_jail *j, const struct ioc_os_root *root,
    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err)
{
	struct build b = { j, root, mounts, n };
	int rc;

	if (!j->prepared || j->r.path[0] != '\0')
		return (ioc_fail(err, IOC_STATE, "jail %s is %s", j->r.name,
		    j->prepared ? "mounted already" : "not prepared"));
	rc = open_root(j, root, err);
	if (rc == 0)
		rc = make_ruleset(j, mounts, n, err);
	/* The record first: whatever is mounted from here on is found by it. */
	if (rc == 0)
		rc = ioc_record_write(j->os->run_fd, &ioc_fb_records, &j->r, err);
	return (rc == 0 ? ioc_fb_in_child(mount_all, &b, err) : rc);
}

int
ioc_os_jail_unmount(struct ioc_os_jail *j, struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };

	/* One that runs, or is not ours, keeps what it has. */
	if (j->r.path[0] == '\0' || ioc_fb_present(j->os, &j->r, &f) != 0)
		return (0);
	return (ioc_fb_unmount_all(j->r.path, err));
}

/* --- in a jail that runs ---------------------------------------------------- */

struct live {
	struct ioc_os_jail *j;
	const struct ioc_os_mount *m;
	int		 root;
};

static int
mount_live(void *arg, struct ioc_error *err)
{
	const struct live *l = arg;

	return (ioc_fb_mount_one(l->root, l->m,
	    l->m->devfs_ruleset == JAIL_RULESET ? l->j->r.ruleset :
	    l->m->devfs_ruleset, err));
}

/* The root of a jail that runs, by its path, proved by its identity. */
static int
running_root(struct ioc_os_jail *j, struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };
	auto_fd int fd = -1;
	struct stat st;
	int rc = ioc_fb_running(j, &f, err);

	if (rc != 0)
		return (rc);
	fd = ioc_path_root(j->r.path, err);
	if (fd < 0)
		return (fd);
	if (fstat(fd, &st) != 0 || st.st_dev != j->r.dev ||
	    st.st_ino != j->r.ino)
		return (ioc_fail(err, IOC_STATE, "jail %s: its root is not "
		    "where it was", j->r.name));
	return (take_fd(&fd));
}

int
ioc_os_jail_mount_live(struct ioc_os_jail *j, const struct ioc_os_mount *m,
    struct ioc_error *err)
{
	auto_fd int root = running_root(j, err);
	struct live l = { j, m, root };

	return (root < 0 ? root : ioc_fb_in_child(mount_live, &l, err));
}

int
ioc_os_jail_unmount_live(struct ioc_os_jail *j, const char *target,
    struct ioc_error *err)
{
	auto_fd int root = running_root(j, err), at = -1, above = -1;
	struct statfs fs, up;

	if (root < 0)
		return (root);
	at = ioc_path_dir(root, target, IOC_PATH_NOLINKS, err);
	if (at < 0)
		return (ioc_wrap(err, at, "unmount %s", IOC_SHOW(target)));
	above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above < 0 || fstatfs(at, &fs) != 0 || fstatfs(above, &up) != 0)
		return (ioc_fail_errno(err, "unmount %s", IOC_SHOW(target)));
	if (memcmp(&fs.f_fsid, &up.f_fsid, sizeof(fs.f_fsid)) == 0 ||
	    strncmp(fs.f_mntonname, j->r.path, strlen(j->r.path)) != 0)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "unmount %s: nothing is mounted there", IOC_SHOW(target)));
	ioc_fd_close(&at);
	ioc_fd_close(&above);
	return (ioc_fb_unmount_fsid(&fs.f_fsid, target, false, err));
}
