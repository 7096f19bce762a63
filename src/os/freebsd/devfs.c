/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rulesets of devfs(5), each made for one jail through the kernel's interface;
 * the administrator's files and numbers stay as they are.
 */
#include "os/freebsd/freebsd.h"

#include <sys/conf.h>
#include <sys/ioctl.h>

#include <fs/devfs/devfs.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>

#define	FIRST		51000		/* of the numbers that are ours */
#define	LAST		59999
#define	TAG		1		/* the rule that says whose it is */

/* What a jail may see; with `bare` also one that gets no more than it must. */
static const struct {
	const char	*pattern;
	bool		 bare;
} shown[] = {
	{ "fd", true },
	{ "fd/*", true },
	{ "full", false },
	{ "null", true },
	{ "ptmx", false },
	{ "pts", false },
	{ "pts/*", false },
	{ "random", true },
	{ "stderr", true },
	{ "stdin", true },
	{ "stdout", true },
	{ "urandom", true },
	{ "zero", true },
};

static int
open_dev(struct ioc_error *err)
{
	int fd = open(_PATH_DEV, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return (fd >= 0 ? fd : ioc_fail_errno(err, "devfs: open " _PATH_DEV));
}

/* It matches no device: names have no blanks. */
static void
tag_of(const struct ioc_os *os, const char *name,
    char ret[DEVFS_MAXPTRNLEN])
{
	(void)snprintf(ret, DEVFS_MAXPTRNLEN, "ioc %s %s", os->run_id, name);
}

static struct devfs_rule
rule(uint32_t set, unsigned number, const char *pattern, int action)
{
	struct devfs_rule r;

	memset(&r, 0, sizeof(r));
	r.dr_magic = DEVFS_MAGIC;
	r.dr_id = (devfs_rid)(set << 16 | number);
	if (pattern != NULL) {
		r.dr_icond = DRC_PATHPTRN;
		(void)strlcpy(r.dr_pathptrn, pattern, sizeof(r.dr_pathptrn));
	}
	r.dr_iacts = DRA_BACTS;
	r.dr_bacts = action;
	return (r);
}

/* The next rule of a set behind a number; false when there is none. */
static bool
next_rule(int dev, uint32_t set, unsigned number, struct devfs_rule *r)
{
	*r = rule(set, number, NULL, 0);
	r->dr_iacts = 0;
	return (ioctl(dev, DEVFSIO_RGETNEXT, r) == 0);
}

static bool
is_ours(int dev, uint32_t set, const char *tag)
{
	struct devfs_rule r;

	return (next_rule(dev, set, 0, &r) && (r.dr_id & 0xffff) == TAG &&
	    (r.dr_icond & DRC_PATHPTRN) != 0 &&
	    strncmp(r.dr_pathptrn, tag, sizeof(r.dr_pathptrn)) == 0);
}

/* Without its rules a set is gone; the tag goes last. */
static int
empty_set(int dev, uint32_t set, bool with_tag, struct ioc_error *err)
{
	struct devfs_rule r;
	devfs_rid tag = (devfs_rid)(set << 16 | TAG);

	while (next_rule(dev, set, TAG, &r))
		if (ioctl(dev, DEVFSIO_RDEL, &r.dr_id) != 0)
			return (ioc_fail_errno(err, "devfs: remove a rule"));
	if (with_tag && ioctl(dev, DEVFSIO_RDEL, &tag) != 0)
		return (ioc_fail_errno(err, "devfs: remove a ruleset"));
	return (0);
}

/* A number of our own: the kernel refuses a rule that is there already. */
static int
claim(int dev, const char *tag, uint32_t *ret, struct ioc_error *err)
{
	for (uint32_t set = FIRST; set <= LAST; set++) {
		struct devfs_rule r = rule(set, TAG, tag, DRB_HIDE);

		if (ioctl(dev, DEVFSIO_RADD, &r) == 0) {
			*ret = set;
			return (0);
		}
		if (errno != EEXIST)
			return (ioc_fail_errno(err, "devfs: add a rule"));
		/* Of a start that died. */
		if (is_ours(dev, set, tag)) {
			*ret = set;
			return (empty_set(dev, set, false, err));
		}
	}
	return (ioc_fail(err, IOC_LIMIT,
	    "devfs: all rulesets from %d to %d are in use", FIRST, LAST));
}

int
ioc_fb_devfs_make(const struct ioc_os *os, const char *name, bool bare,
    uint32_t *ret, struct ioc_error *err)
{
	auto_fd int dev = open_dev(err);
	char tag[DEVFS_MAXPTRNLEN];
	struct devfs_rule r;
	unsigned number = TAG;
	int rc;

	if (dev < 0)
		return (dev);
	tag_of(os, name, tag);
	rc = claim(dev, tag, ret, err);
	if (rc != 0)
		return (rc);
	r = rule(*ret, ++number, NULL, DRB_HIDE);
	rc = ioctl(dev, DEVFSIO_RADD, &r);
	for (size_t i = 0; rc == 0 && i < sizeof(shown) / sizeof(*shown);
	    i++) {
		if (bare && !shown[i].bare)
			continue;
		r = rule(*ret, ++number, shown[i].pattern, DRB_UNHIDE);
		rc = ioctl(dev, DEVFSIO_RADD, &r);
	}
	if (rc != 0) {
		(void)ioc_fail_errno(err, "devfs: add a rule");
		(void)empty_set(dev, *ret, true, NULL);
		return (err != NULL ? err->code : IOC_FAILED);
	}
	return (0);
}

int
ioc_fb_devfs_remove(const struct ioc_os *os, const char *name,
    struct ioc_error *err)
{
	auto_fd int dev = open_dev(err);
	char tag[DEVFS_MAXPTRNLEN];
	devfs_rsnum set = FIRST - 1;
	int rc = dev < 0 ? dev : 0;

	tag_of(os, name, tag);
	while (rc == 0 && ioctl(dev, DEVFSIO_SGETNEXT, &set) == 0 &&
	    set <= LAST)
		if (set >= FIRST && is_ours(dev, set, tag))
			rc = empty_set(dev, set, true, err);
	return (rc < 0 ? rc : 0);
}

int
ioc_fb_devfs_check(uint32_t ruleset, struct ioc_error *err)
{
	auto_fd int dev = open_dev(err);
	struct devfs_rule r;

	if (dev < 0)
		return (dev);
	if (ruleset == 0 || ruleset > UINT16_MAX ||
	    !next_rule(dev, ruleset, 0, &r))
		return (ioc_fail(err, IOC_INVALID, "devfs ruleset %u has no "
		    "rules: it would show every device of the host",
		    (unsigned)ruleset));
	return (0);
}
