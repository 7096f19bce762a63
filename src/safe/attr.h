/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What paths need that each system does in its own way (attr_SYSTEM.c): extended
 * attributes of an open file, and the exchange of two names.
 *
 * The name of an attribute begins with its namespace: "user.", on Linux also
 * "trusted.", "security.", "system.", on FreeBSD "system.".
 */
#ifndef SAFE_ATTR_H
#define SAFE_ATTR_H

#include <sys/types.h>

#include "base/strv.h"

/*
 * All of these: -1 and errno; ENOENT when there is no such attribute, EINVAL when
 * the name has no namespace, EOPNOTSUPP where the file system has none.
 */
/* Its length; as much of it as there is room for goes to `value`. */
ssize_t	ioc_attr_get(int fd, const char *name, void *value, size_t len);
int	ioc_attr_set(int fd, const char *name, const void *value, size_t len);
int	ioc_attr_remove(int fd, const char *name);
/* Adds the names that the caller can see, unsorted. */
int	ioc_attr_list(int fd, struct ioc_strv *names);

/* Two names change their places at once; ENOSYS where there is no such call. */
int	ioc_exchange(int dira, const char *a, int dirb, const char *b);

#endif /* SAFE_ATTR_H */
