/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of an archive as a tree: found by parent and name. */
#ifndef WORKER_TABLE_H
#define WORKER_TABLE_H

#include "worker/judge.h"

struct ioc_table {
	struct ioc_node	*node;
	uint32_t	 n;
	uint32_t	 cap;
	char		*names;
	uint64_t	 names_len;
	uint64_t	 names_cap;
	uint32_t	*bucket;
	uint32_t	 nbuckets;	/* a power of two */
	uint64_t	 key[2];	/* no archive can know its collisions */
};

int	ioc_table_init(struct ioc_table *t, struct ioc_error *err);
void	ioc_table_fini(struct ioc_table *t);
/* 0 when there is none: the root has no name. */
uint32_t ioc_table_find(const struct ioc_table *t, uint32_t parent,
	    const char *name, size_t len);
/* The new node's number in *ret. */
int	ioc_table_add(struct ioc_table *t, uint32_t parent, const char *name,
	    size_t len, uint32_t *ret, struct ioc_error *err);

#endif /* WORKER_TABLE_H */
