/* SPDX-License-Identifier: BSD-2-Clause */
/* The root of a volume as the layers that a jail sees as one tree. */
#ifndef CORE_LAYERS_H
#define CORE_LAYERS_H

#include "core/host.h"
#include "safe/verify.h"

struct ioc_root_layers {
	struct ioc_os_root root;
	/* Of a basejail, set before: its release, and what is mounted of it. */
	struct ioc_os_root base;
	const char *const *base_dirs;
	struct ioc_verify_layer v[IOC_VERIFY_LAYERS];
	size_t		 n;
};

#define	IOC_ROOT_LAYERS	{ .root = IOC_OS_ROOT, .base = IOC_OS_ROOT }

/* Opens them; they belong to `ret`, which is ended by _fini also after a failure. */
int	ioc_root_layers(struct ioc_source *s, const char *vol,
	    struct ioc_root_layers *ret, struct ioc_error *err);
void	ioc_root_layers_fini(struct ioc_root_layers *l);

/* Only an upper layer has its owners shifted on disk. */
static inline uint32_t
ioc_root_layers_base(const struct ioc_root_layers *l, uint32_t id_base)
{
	return (l->root.kind == IOC_ROOT_OVERLAY ? id_base : 0);
}

#endif /* CORE_LAYERS_H */
