/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools of ZFS of a host, and which of them are sources. */
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "core/host.h"

struct ioc_pool_list {
	struct ioc_strv	 names, health;
	struct ioc_pool_info *info;
	size_t		 n;
};
IOC_DEFINE_AUTO(struct ioc_pool_list, ioc_pool_list_free);

/* The first source that lies in the pool. */
static const struct ioc_source *
source_in(const struct ioc_host *h, const char *pool)
{
	size_t len = strlen(pool);

	for (size_t i = 0; i < h->sources.n; i++) {
		const struct ioc_source *s = &h->sources.v[i];

		if (s->ops == &ioc_store_zfs &&
		    strncmp(s->where, pool, len) == 0 &&
		    (s->where[len] == '/' || s->where[len] == '\0'))
			return (s);
	}
	return (NULL);
}

int
ioc_pool_list(struct ioc_host *h, struct ioc_pool_list **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_pool_list_freep) struct ioc_pool_list *l =
	    calloc(1, sizeof(*l));
	int r;

	if (l == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_store_zfs_pools(&l->names, &l->health, err);
	if (r != 0)
		return (r);
	l->info = calloc(l->names.n + 1, sizeof(*l->info));
	if (l->info == NULL)
		return (ioc_fail_nomem(err));
	for (; l->n < l->names.n; l->n++) {
		const struct ioc_source *s = source_in(h, l->names.v[l->n]);

		l->info[l->n] = (struct ioc_pool_info){
			.name = l->names.v[l->n], .health = l->health.v[l->n],
			.source = s != NULL ? s->name : NULL,
			.where = s != NULL ? s->where : NULL,
		};
	}
	*ret = take_ptr(l);
	return (0);
}

size_t
ioc_pool_count(const struct ioc_pool_list *l)
{
	return (l->n);
}

const struct ioc_pool_info *
ioc_pool_at(const struct ioc_pool_list *l, size_t i)
{
	return (i < l->n ? &l->info[i] : NULL);
}

void
ioc_pool_list_free(struct ioc_pool_list *l)
{
	if (l == NULL)
		return;
	ioc_strv_fini(&l->names);
	ioc_strv_fini(&l->health);
	free(l->info);
	free(l);
}
