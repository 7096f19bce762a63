/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of roots.  They carry one snapshot of one dataset and no properties:
 * a stream that brings any could have itself mounted where it likes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/zfs.h"

/* The head of a stream: of its first record only this is looked at. */
#define	BEGIN		0u
#define	MAGIC		UINT64_C(0x2f5bacbac)
#define	KIND_MASK	UINT64_C(3)
#define	KIND_SINGLE	UINT64_C(1)	/* 2: a package of several */

struct head {
	uint32_t	type;
	uint32_t	payload;
	uint64_t	magic;
	uint64_t	version;
};

int
ioc_zfs_send(struct ioc_store *s, const char *vol, const char *snapshot,
    const char *since, int fd, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char to[IOC_ZFS_NAME], from[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, "root", snapshot, to, err);

	if (r == 0 && since != NULL)
		r = ioc_zfs_snapshot_name(z, vol, "root", since, from, err);
	if (r == 0 && since != NULL)
		r = ioc_zfs_stream(IOC_ZFS_ARGS("send", "-i", from, to), -1,
		    fd, err);
	else if (r == 0)
		r = ioc_zfs_stream(IOC_ZFS_ARGS("send", to), -1, fd, err);
	return (ioc_wrap(err, r, "send %s", IOC_SHOW(vol)));
}

/* From the position of the descriptor, which stays. */
static int
check_stream(int fd, struct ioc_error *err)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct head h;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stream"));
	if (!S_ISREG(st.st_mode) || at < 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the stream must be in a file"));
	n = pread(fd, &h, sizeof(h), at);
	if (n < 0)
		return (ioc_fail_errno(err, "stream"));
	/* The other order of bytes: of another kind of machine. */
	if (n == sizeof(h) && h.magic == __builtin_bswap64(MAGIC)) {
		h.type = __builtin_bswap32(h.type);
		h.payload = __builtin_bswap32(h.payload);
		h.magic = MAGIC;
		h.version = __builtin_bswap64(h.version);
	}
	if (n != sizeof(h) || h.type != BEGIN || h.magic != MAGIC)
		return (ioc_fail(err, IOC_FORMAT, "it is not a stream of ZFS"));
	if ((h.version & KIND_MASK) != KIND_SINGLE || h.payload != 0)
		return (ioc_fail(err, IOC_UNSAFE, "the stream brings more than "
		    "one snapshot of one dataset"));
	return (0);
}

/* What it came with is nothing: it gets what every root has, one by one. */
static int
set_properties(const char *root, struct ioc_error *err)
{
	static const char *const v[] = { "devices=off", "setuid=on",
		"exec=on" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(v) / sizeof(*v); i++)
		r = ioc_zfs_run(IOC_ZFS_ARGS("set", v[i], root), NULL, err);
	return (r);
}

int
ioc_zfs_receive(struct ioc_store *s, const char *vol, int fd,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char root[IOC_ZFS_NAME];
	int r = ioc_zfs_check_free(s, vol, err);

	if (r == 0)
		r = ioc_zfs_name(z, vol, "root", root, err);
	if (r == 0)
		r = check_stream(fd, err);
	if (r != 0)
		return (ioc_wrap(err, r, "receive %s", IOC_SHOW(vol)));
	r = ioc_zfs_place(s, vol, err);
	if (r == 0)
		r = ioc_zfs_stream(IOC_ZFS_ARGS("receive", root), fd, -1, err);
	if (r == 0)
		r = set_properties(root, err);
	if (r == 0)
		r = ioc_zfs_mount(z, vol, "root", err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, vol, NULL);
	return (ioc_wrap(err, r, "receive %s", vol));
}
