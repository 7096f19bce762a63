/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/attr.h"

#include <sys/extattr.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char	*prefix;
	int		 space;
} spaces[] = {
	{ "user.", EXTATTR_NAMESPACE_USER },
	{ "system.", EXTATTR_NAMESPACE_SYSTEM },
};

/* What a missing attribute is called everywhere else. */
static int
failed(void)
{
	if (errno == ENOATTR)
		errno = ENOENT;
	return (-1);
}

/* The namespace, and in *rest the name in it; -1 when it has none. */
static int
space_of(const char *name, const char **rest)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		size_t len = strlen(spaces[i].prefix);

		if (strncmp(name, spaces[i].prefix, len) != 0)
			continue;
		*rest = name + len;
		return (spaces[i].space);
	}
	errno = EINVAL;
	return (-1);
}

ssize_t
ioc_attr_get(int fd, const char *name, void *value, size_t len)
{
	const char *rest;
	int space = space_of(name, &rest);
	ssize_t n;

	if (space < 0)
		return (-1);
	if (extattr_get_fd(fd, space, rest, value, len) < 0)
		return (failed());
	n = extattr_get_fd(fd, space, rest, NULL, 0);
	return (n >= 0 ? n : failed());
}

int
ioc_attr_set(int fd, const char *name, const void *value, size_t len)
{
	const char *rest;
	int space = space_of(name, &rest);

	if (space < 0)
		return (-1);
	return (extattr_set_fd(fd, space, rest, value, len) < 0 ? -1 : 0);
}

int
ioc_attr_remove(int fd, const char *name)
{
	const char *rest;
	int space = space_of(name, &rest);

	if (space < 0)
		return (-1);
	return (extattr_delete_fd(fd, space, rest) == 0 ? 0 : failed());
}

/* Names come as a length byte and that many bytes without a NUL. */
static int
list_space(int fd, const char *prefix, int space, struct ioc_strv *names)
{
	auto_free unsigned char *list = NULL;
	ssize_t n = extattr_list_fd(fd, space, NULL, 0);

	if (n <= 0)
		return (n == 0 || errno == EOPNOTSUPP || errno == EPERM ? 0 :
		    -1);
	list = malloc((size_t)n);
	if (list == NULL)
		return (-1);
	n = extattr_list_fd(fd, space, list, (size_t)n);
	for (ssize_t i = 0; i < n && i + 1 + list[i] <= n; i += 1 + list[i])
		if (ioc_strv_addf(names, "%s%.*s", prefix, (int)list[i],
		    (const char *)list + i + 1) != 0) {
			errno = ENOMEM;
			return (-1);
		}
	return (n < 0 ? -1 : 0);
}

int
ioc_attr_list(int fd, struct ioc_strv *names)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
		if (list_space(fd, spaces[i].prefix, spaces[i].space,
		    names) != 0)
			return (-1);
	return (0);
}

int
ioc_exchange(int dira, const char *a, int dirb, const char *b)
{
	(void)dira;
	(void)a;
	(void)dirb;
	(void)b;
	errno = ENOSYS;
	return (-1);
}
