/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/vec.h"

#include <string.h>

void *
ioc_vec_grow(void **v, size_t *n, size_t *cap, size_t size)
{
	void *p;

	if (*n == *cap) {
		size_t more = *cap == 0 ? 8 : *cap * 2;

		p = reallocarray(*v, more, size);
		if (p == NULL)
			return (NULL);
		*v = p;
		*cap = more;
	}
	p = (char *)*v + *n * size;
	memset(p, 0, size);
	(*n)++;
	return (p);
}
