/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories that two jails have and one of them may write to: through a socket
 * in it they pass each other what they have opened.
 */
#include <string.h>

#include "base/str.h"
#include "core/fstab.h"
#include "safe/path.h"

/* One is the other, or lies in it. */
static bool
overlap(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;
	const char *longer = n < m ? b : a;

	return (strncmp(a, b, least) == 0 &&
	    (longer[least] == '\0' || longer[least] == '/'));
}

/* Two lines join their jails, and neither says that it is meant. */
static bool
joins(const struct ioc_fstab_mount *a, const struct ioc_fstab_mount *b)
{
	return (a->kind == IOC_FSTAB_BIND && b->kind == IOC_FSTAB_BIND &&
	    (a->flags & b->flags & IOC_FSTAB_RDONLY) == 0 &&
	    ((a->flags | b->flags) & IOC_FSTAB_SHARED) == 0 &&
	    overlap(a->source, b->source));
}

static int
tell(const char *name, const char *what, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_UNSAFE, "jail %s has %s, too, and one of "
	    "them may write: through it the two can pass each other files and "
	    "what they have opened", name, IOC_SHOW(what)));
}

/* What lies in the other one's directory, or holds it, is written to by that. */
static int
with_tree(struct ioc_jail *other, const struct ioc_fstab_mount *v, size_t n,
    struct ioc_error *err)
{
	struct ioc_store *s = other->source->store;
	auto_fd int dir = s->ops->dir(s, other->vol, err), root = -1;
	bool in_it = false;
	int r = 0;

	if (dir < 0)
		return (take_fd(&dir));
	root = ioc_path_root("/", err);
	if (root < 0)
		return (take_fd(&root));
	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_fd int fd = -1;

		if (v[i].kind != IOC_FSTAB_BIND ||
		    (v[i].flags & IOC_FSTAB_SHARED) != 0)
			continue;
		/* A file holds no socket; what is missing is no source. */
		fd = ioc_path_dir(root, v[i].source, IOC_PATH_NOLINKS, NULL);
		if (fd < 0)
			continue;
		r = ioc_fstab_lies_in(fd, dir, &in_it, err);
		if (r == 0 && !in_it)
			r = ioc_fstab_lies_in(dir, fd, &in_it, err);
		if (r == 0 && in_it)
			r = tell(other->name, v[i].source, err);
	}
	return (r);
}

static int
with_lines(struct ioc_jail *other, const struct ioc_fstab_mount *v, size_t n,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = NULL;
	int r = ioc_jail_fstab(other, &f, err);

	for (size_t i = 0; r == 0 && i < ioc_fstab_count(f); i++) {
		struct ioc_fstab_mount m;

		/* What is none keeps its jail from starting. */
		if (ioc_fstab_judge(ioc_fstab_at(f, i), NULL, &m, NULL) != 0)
			continue;
		for (size_t k = 0; r == 0 && k < n; k++)
			if (joins(&m, &v[k]))
				r = tell(other->name, m.source, err);
	}
	return (r);
}

int
ioc_fstab_shared(struct ioc_jail *j, const struct ioc_fstab_mount *v, size_t n,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_list_freep) struct ioc_jail_list *list = NULL;
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		any = any || v[i].kind == IOC_FSTAB_BIND;
	if (any)
		r = ioc_jail_list(j->host, NULL, &list, err);
	for (size_t i = 0; any && r == 0 && i < ioc_jail_count(list); i++) {
		struct ioc_jail *other = ioc_jail_at(list, i);

		if (strcmp(other->name, j->name) == 0 &&
		    other->source == j->source)
			continue;
		r = with_lines(other, v, n, err);
		if (r == 0)
			r = with_tree(other, v, n, err);
	}
	return (r);
}

int
ioc_fstab_share_judge(struct ioc_host *h, const struct ioc_error *how,
    struct ioc_error *err)
{
	struct ioc_error why;

	if (ioc_os_can(h->os, IOC_CAN_SHARE, &why) == 0)
		return (0);
	return (ioc_fail(err, IOC_UNSAFE, "%s; %s; the option \"shared\" "
	    "allows it all the same", how->msg, why.msg));
}
