/* SPDX-License-Identifier: BSD-2-Clause */
/* Running zfs(8) and zpool(8), and what their complaints mean. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/proc.h"
#include "safe/tools.h"
#include "store/zfs.h"

#define	TIMEOUT_MS	(10 * 60 * 1000)	/* destroying takes its time */
#define	STREAM_MS	(24 * 60 * 60 * 1000)

/* Words of its messages, the same in all versions since the first. */
static const struct {
	const char	*text;
	int		 code;
} meanings[] = {
	{ "does not exist", IOC_NOT_FOUND },
	{ "no such pool", IOC_NOT_FOUND },
	{ "could not find any snapshots", IOC_NOT_FOUND },
	{ "already exists", IOC_EXISTS },
	{ "busy", IOC_BUSY },
	{ "already mounted", IOC_BUSY },	/* by somebody, a moment ago */
	{ "to create mountpoint: File exists", IOC_BUSY },	/* the same */
	{ "has dependent clones", IOC_BUSY },
	{ "has children", IOC_BUSY },
	{ "more recent snapshots", IOC_STATE },
	{ "not a cloned filesystem", IOC_STATE },
	{ "key not loaded", IOC_STATE },
	{ "key must be loaded", IOC_STATE },
	{ "permission denied", IOC_PERMISSION },
	{ "Permission denied", IOC_PERMISSION },
	{ "out of space", IOC_LIMIT },
	{ "quota exceeded", IOC_LIMIT },
};

/* The first line of what it said, as one sentence. */
static int
complain(const char *program, const char *verb, const char *said, int status,
    struct ioc_error *err)
{
	auto_free char *line = strndup(said, strcspn(said, "\n"));
	const char *why = line;
	int code = IOC_CHILD;

	if (line == NULL)
		return (ioc_fail_nomem(err));
	/* "cannot VERB 'NAME': WHY": a name may be made of any of these words. */
	for (const char *p = line; (p = strstr(p, "': ")) != NULL; p += 3)
		why = p + 3;
	for (size_t i = 0; code == IOC_CHILD &&
	    i < sizeof(meanings) / sizeof(*meanings); i++)
		if (strstr(why, meanings[i].text) != NULL)
			code = meanings[i].code;
	if (line[0] == '\0')
		return (ioc_fail(err, IOC_CHILD, "%s %s: exit status %d",
		    program, verb, status));
	return (ioc_fail(err, code, "%s %s: %s", program, verb,
	    IOC_SHOW(line)));
}

/* `p` says where its input comes from and its output goes. */
static int
run(const char *program, const char *const *paths, const char *const *args,
    struct ioc_proc p, struct ioc_error *err)
{
	auto_strv struct ioc_strv argv = IOC_STRV;
	auto_buf struct ioc_buf said = IOC_BUF(64 * 1024);
	int r, status;

	p.path = ioc_proc_find(paths);
	if (p.path == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the program %s is not installed", program));
	(void)ioc_strv_add(&argv, program);
	(void)ioc_strv_addv(&argv, args);
	r = ioc_strv_check(&argv, err);
	if (r != 0)
		return (r);
	p.argv = ioc_strv_get(&argv);
	if (p.timeout_ms == 0)
		p.timeout_ms = TIMEOUT_MS;
	p.err = &said;
	r = ioc_proc_run(&p, &status, err);
	if (r != 0)
		return (ioc_wrap(err, r, "%s %s", program, args[0]));
	return (status == 0 ? 0 : complain(program, args[0],
	    ioc_buf_str(&said), status, err));
}

int
ioc_zfs_run(const char *const *args, struct ioc_buf *out,
    struct ioc_error *err)
{
	struct ioc_proc p = IOC_PROC;

	p.out = out;
	return (run("zfs", IOC_TOOL_ZFS, args, p, err));
}

int
ioc_zfs_stream(const char *const *args, int in, int out, struct ioc_error *err)
{
	struct ioc_proc p = IOC_PROC;

	p.stdin_fd = in;
	p.stdout_fd = out;
	p.timeout_ms = STREAM_MS;
	return (run("zfs", IOC_TOOL_ZFS, args, p, err));
}

int
ioc_zpool_run(const char *const *args, struct ioc_buf *out,
    struct ioc_error *err)
{
	struct ioc_proc p = IOC_PROC;

	p.out = out;
	return (run("zpool", IOC_TOOL_ZPOOL, args, p, err));
}

int
ioc_zfs_name(const struct ioc_zfs *z, const char *vol, const char *sub,
    char ret[IOC_ZFS_NAME], struct ioc_error *err)
{
	int n = snprintf(ret, IOC_ZFS_NAME, "%s/%s%s%s", z->s.where, vol,
	    sub != NULL ? "/" : "", sub != NULL ? sub : "");

	if (n < 0 || n >= IOC_ZFS_NAME)
		return (ioc_fail(err, IOC_INVALID, "%s: longer than a dataset's "
		    "name may be in %s", vol, z->s.where));
	return (0);
}
