/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/attr.h"

#include <sys/xattr.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define	VALUE_MAX	65536	/* XATTR_SIZE_MAX, XATTR_LIST_MAX */

/* What a missing attribute is called everywhere else. */
static int
failed(void)
{
	if (errno == ENODATA)
		errno = ENOENT;
	return (-1);
}

static bool
has_namespace(const char *name)
{
	if (strchr(name, '.') != NULL)
		return (true);
	errno = EINVAL;
	return (false);
}

ssize_t
ioc_attr_get(int fd, const char *name, void *value, size_t len)
{
	auto_free char *all = NULL;
	ssize_t n;

	if (!has_namespace(name))
		return (-1);
	n = fgetxattr(fd, name, value, len);
	if (n >= 0 || errno != ERANGE)
		return (n >= 0 ? n : failed());
	/* This system gives all or nothing. */
	all = malloc(VALUE_MAX);
	if (all == NULL)
		return (-1);
	n = fgetxattr(fd, name, all, VALUE_MAX);
	if (n < 0)
		return (failed());
	memcpy(value, all, (size_t)n < len ? (size_t)n : len);
	return (n);
}

int
ioc_attr_set(int fd, const char *name, const void *value, size_t len)
{
	if (!has_namespace(name))
		return (-1);
	return (fsetxattr(fd, name, value, len, 0) == 0 ? 0 : failed());
}

int
ioc_attr_remove(int fd, const char *name)
{
	if (!has_namespace(name))
		return (-1);
	return (fremovexattr(fd, name) == 0 ? 0 : failed());
}

int
ioc_attr_list(int fd, struct ioc_strv *names)
{
	auto_free char *list = malloc(VALUE_MAX);
	ssize_t n;

	if (list == NULL)
		return (-1);
	n = flistxattr(fd, list, VALUE_MAX);
	if (n < 0)
		return (errno == EOPNOTSUPP ? 0 : -1);
	for (const char *p = list; p < list + n; p += strlen(p) + 1)
		if (ioc_strv_add(names, p) != 0) {
			errno = ENOMEM;
			return (-1);
		}
	return (0);
}

int
ioc_exchange(int dira, const char *a, int dirb, const char *b)
{
	return (renameat2(dira, a, dirb, b, RENAME_EXCHANGE));
}
