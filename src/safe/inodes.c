/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/inodes.h"

#include <stdlib.h>

static struct ioc_inode *
slot(const struct ioc_inodes *m, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ (uint64_t)dev << 32) *
	    0x9e3779b97f4a7c15u;

	for (size_t i = (size_t)(h >> 16);; i++) {
		struct ioc_inode *e = &m->v[i & (m->cap - 1)];

		if (!e->used || (e->dev == dev && e->ino == ino))
			return (e);
	}
}

static int
grow(struct ioc_inodes *m)
{
	struct ioc_inodes more = { .cap = m->cap == 0 ? 64 : m->cap * 2 };

	more.v = calloc(more.cap, sizeof(*more.v));
	if (more.v == NULL)
		return (-1);
	for (size_t i = 0; i < m->cap; i++)
		if (m->v[i].used)
			*slot(&more, m->v[i].dev, m->v[i].ino) = m->v[i];
	free(m->v);
	m->v = more.v;
	m->cap = more.cap;
	return (0);
}

struct ioc_inode *
ioc_inodes_get(struct ioc_inodes *m, dev_t dev, ino_t ino, bool *fresh)
{
	struct ioc_inode *e;

	if (m->n >= m->cap / 2 && grow(m) != 0)
		return (NULL);
	e = slot(m, dev, ino);
	*fresh = !e->used;
	if (*fresh) {
		e->dev = dev;
		e->ino = ino;
		e->used = true;
		m->n++;
	}
	return (e);
}

void
ioc_inodes_fini(struct ioc_inodes *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->v[i].path);
	free(m->v);
	*m = (struct ioc_inodes) { 0 };
}
