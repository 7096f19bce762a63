/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thin volumes by nullfs: root/ has all of its own but the base directories,
 * which are empty, and over which those of the origin are mounted read-only.
 */
#include "store/dir.h"

#include "base/cleanup.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

const bool ioc_dir_thin_is_light = false;

static int
check_base_dirs(const struct ioc_store *s, struct ioc_error *err)
{
	return (s->base_dirs != NULL ? 0 : ioc_fail(err, IOC_UNSUPPORTED,
	    "which directories thin jails share is not known of this system"));
}

int
ioc_dir_thin_make(struct ioc_store *s, int from, int vol, uint32_t id_base,
    struct ioc_error *err)
{
	auto_fd int to = -1;
	int r = check_base_dirs(s, err);

	if (r == 0)
		r = ioc_os_can(s->os, IOC_CAN_NULLFS, err);
	if (r != 0)
		return (r);
	to = ioc_path_mkdir(vol, "root", 0755, OURS, err);
	if (to < 0)
		return (to);
	return (ioc_tree_copy_except(from, to, s->base_dirs, NULL, NULL, err));
}

int
ioc_dir_thin_root(struct ioc_store *s, int vol, bool to_mount,
    struct ioc_os_root *root, struct ioc_error *err)
{
	int r = check_base_dirs(s, err);

	if (r != 0)
		return (r);
	root->kind = IOC_ROOT_NULLFS;
	root->base_dirs = s->base_dirs;
	root->root = ioc_path_dir(vol, "root", OURS, err);
	return (root->root < 0 ? root->root : 0);
}
