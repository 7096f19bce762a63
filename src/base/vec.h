/* SPDX-License-Identifier: BSD-2-Clause */
/* A typed growing array: IOC_VEC(struct thing) things = { 0 }; */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdlib.h>

#define	IOC_VEC(type)							\
	struct {							\
		type	*v;						\
		size_t	 n;						\
		size_t	 cap;						\
	}

/*
 * A pointer to a new zeroed element at the end, NULL when out of memory.  It
 * is valid until the next push.
 */
#define	ioc_vec_push(vec)						\
	((__typeof__((vec)->v))ioc_vec_grow((void **)&(vec)->v,		\
	    &(vec)->n, &(vec)->cap, sizeof(*(vec)->v)))

/* Frees the array, not what the elements own. */
#define	ioc_vec_fini(vec)						\
	do {								\
		free((vec)->v);						\
		(vec)->v = NULL;					\
		(vec)->n = (vec)->cap = 0;				\
	} while (0)

void	*ioc_vec_grow(void **v, size_t *n, size_t *cap, size_t size);

#endif /* BASE_VEC_H */
