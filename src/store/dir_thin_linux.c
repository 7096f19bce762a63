/* SPDX-License-Identifier: BSD-2-Clause */
/* Thin volumes by overlay: layer/ and work/ over the root of the origin. */
#include "store/dir.h"

#include "safe/path.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

const bool ioc_dir_thin_is_light = true;

int
ioc_dir_thin_make(struct ioc_store *s, int from, int vol, uint32_t id_base,
    struct ioc_error *err)
{
	int r = ioc_os_can(s->os, IOC_CAN_OVERLAY, err);

	if (r == 0)
		r = ioc_dir_make_part(vol, "layer", id_base, 0755, err);
	if (r == 0)
		r = ioc_dir_make_part(vol, "work", id_base, 0700, err);
	return (r);
}

int
ioc_dir_thin_root(struct ioc_store *s, int vol, bool to_mount,
    struct ioc_os_root *root, struct ioc_error *err)
{
	root->kind = IOC_ROOT_OVERLAY;
	root->upper = ioc_path_dir(vol, "layer", OURS, err);
	if (root->upper < 0 || !to_mount)
		return (root->upper < 0 ? root->upper : 0);
	root->work = ioc_path_dir(vol, "work", OURS, err);
	return (root->work < 0 ? root->work : 0);
}
