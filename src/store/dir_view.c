/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of snapshots.  Those are copies, which nobody writes to: one is read where
 * it is.  A view is a volume in staging with nothing but a file "view", which
 * names the snapshot.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/path.h"
#include "store/dir.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)
#define	VIEW	"view"

int
ioc_dir_view(struct ioc_store *s, const char *vol, const char *name,
    const char *to, struct ioc_error *err)
{
	auto_fd int from = ioc_dir_snapshot_open(s, vol, name, err);
	auto_fd int dir = -1, fd = -1;
	char line[IOC_DIR_ORIGIN];
	int n, r = from < 0 ? from : 0;

	if (r == 0)
		r = dir = ioc_dir_make_volume(s, to, err);
	if (r >= 0)
		r = fd = ioc_path_create(dir, VIEW, 0600, OURS, err);
	if (r >= 0) {
		n = snprintf(line, sizeof(line), "%s@%s\n", vol, name);
		r = (size_t)n < sizeof(line) ? ioc_file_write_all(fd, line,
		    (size_t)n, err) : ioc_fail(err, IOC_INVALID, "name too long");
	}
	if (r != 0 && dir >= 0)
		(void)ioc_dir_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "view of snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

int
ioc_dir_viewed(struct ioc_store *s, int vol, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_DIR_ORIGIN - 1);
	int r = ioc_file_read(vol, VIEW, &b, err);
	char *at;

	if (r != 0)
		return (r);
	at = strchr(b.data, '@');
	if (at == NULL || strlen(b.data) != b.len || b.data[b.len - 1] != '\n')
		return (ioc_fail(err, IOC_FORMAT, "view: not a snapshot"));
	b.data[b.len - 1] = '\0';
	*at = '\0';
	r = ioc_dir_snapshot_open(s, b.data, at + 1, err);
	return (r == IOC_NOT_FOUND ? ioc_fail(err, IOC_STATE, "view: the "
	    "snapshot %s is gone", at + 1) : r);
}
