/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/layers.h"

#include "core/basejail.h"

static void
add(struct ioc_root_layers *l, int fd, const char *at)
{
	l->v[l->n++] = (struct ioc_verify_layer){ fd, at };
}

/* The base directories that the release has, over the jail's own root. */
static int
add_base_dirs(struct ioc_root_layers *l, int release,
    const char *const *dirs, struct ioc_error *err)
{
	for (const char *const *d = dirs; d != NULL && *d != NULL; d++) {
		int fd;

		if (l->n + 1 == IOC_VERIFY_LAYERS)
			return (ioc_fail(err, IOC_LIMIT,
			    "too many base directories"));
		fd = ioc_basejail_dir(release, *d, err);
		if (fd == IOC_NOT_FOUND)
			continue;
		if (fd < 0)
			return (fd);
		add(l, fd, *d);
	}
	return (0);
}

int
ioc_root_layers(struct ioc_source *s, const char *vol,
    struct ioc_root_layers *ret, struct ioc_error *err)
{
	int r = s->store->ops->root(s->store, vol, &ret->root, err);

	if (r != 0)
		return (r);
	switch (ret->root.kind) {
	case IOC_ROOT_OVERLAY:
		/* First, for its owners; nothing of theirs is in it. */
		add(ret, ret->root.upper, "");
		r = add_base_dirs(ret, ret->base.root, ret->base_dirs, err);
		if (r == 0)
			add(ret, ret->root.lower, "");
		break;
	case IOC_ROOT_NULLFS:
		r = add_base_dirs(ret, ret->base.root >= 0 ? ret->base.root :
		    ret->root.lower, ret->root.base_dirs, err);
		if (r == 0)
			add(ret, ret->root.root, "");
		break;
	case IOC_ROOT_DIR:
		r = add_base_dirs(ret, ret->base.root, ret->base_dirs, err);
		if (r == 0)
			add(ret, ret->root.root, "");
		break;
	}
	return (r);
}

void
ioc_root_layers_fini(struct ioc_root_layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].at[0] != '\0')
			ioc_fd_close(&l->v[i].fd);
	l->n = 0;
	ioc_store_root_fini(&l->root);
	ioc_store_root_fini(&l->base);
}
