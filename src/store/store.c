/* SPDX-License-Identifier: BSD-2-Clause */
/* What all kinds of stores share. */
#include "store/store.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"
#include "store/volume.h"

void
ioc_store_close(struct ioc_store *s)
{
	if (s != NULL)
		s->ops->close(s);
}

void
ioc_store_root_fini(struct ioc_os_root *r)
{
	if (r == NULL)
		return;
	ioc_fd_close(&r->root);
	ioc_fd_close(&r->lower);
	ioc_fd_close(&r->upper);
	ioc_fd_close(&r->work);
}

int
ioc_store_check_owner(int fd, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "see its owner"));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return (ioc_fail(err, IOC_UNSAFE, "it belongs to user %ju, not "
		    "to root", (uintmax_t)st.st_uid));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return (ioc_fail(err, IOC_UNSAFE, "others may write to it "
		    "(mode %04o)", (unsigned)(st.st_mode & 07777)));
	return (0);
}

/* --- what snapshots share ----------------------------------------------------- */

int
ioc_snapshots_newer(const struct ioc_store_snapshot *v, size_t n,
    const char *name, bool lose, size_t *at, struct ioc_error *err)
{
	auto_buf struct ioc_buf newer = IOC_BUF(1024 * 1024);
	size_t i = 0;

	while (i < n && strcmp(v[i].name, name) != 0)
		i++;
	if (i == n)
		return (ioc_fail(err, IOC_NOT_FOUND, "no such snapshot"));
	*at = i;
	while (++i < n && !lose)
		(void)ioc_buf_addf(&newer, "%s%s", newer.len > 0 ? ", " : "",
		    v[i].name);
	if (newer.len > 0)
		return (ioc_fail(err, IOC_STATE,
		    "newer ones would be lost: %.500s", ioc_buf_str(&newer)));
	return (ioc_buf_check(&newer, err));
}

static int
copy_file(int from, int to, const char *name, struct ioc_error *err)
{
	auto_fd int a = ioc_path_open(from, name, O_RDONLY, IOC_PATH_NOLINKS,
	    err), b = -1;
	struct stat st;

	if (a < 0)
		return (a);
	b = ioc_path_create(to, name, 0600, IOC_PATH_NOLINKS, err);
	if (b < 0)
		return (b);
	if (fstat(a, &st) != 0 || fchmod(b, st.st_mode & 0777) != 0)
		return (ioc_fail_errno(err, "copy %s", IOC_SHOW(name)));
	return (ioc_wrap(err, ioc_file_copy_fd(a, b, err), "copy %s",
	    IOC_SHOW(name)));
}

int
ioc_volume_copy_files(int from, int to, struct ioc_error *err)
{
	auto_fd int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	auto_dir DIR *d = NULL;
	struct stat st;
	int r = 0;

	if (fd < 0 || (d = fdopendir(fd)) == NULL)
		return (ioc_fail_errno(err, "read a volume"));
	(void)take_fd(&fd);
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, "origin") == 0 ||
		    ioc_str_starts(e->d_name, ".ioc-tmp-") ||
		    fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		r = copy_file(from, to, e->d_name, err);
		errno = 0;
	}
	if (r == 0 && errno != 0)
		return (ioc_fail_errno(err, "read a volume"));
	return (r);
}

/* --- names ------------------------------------------------------------------ */

/* What may stand in a place of a volume's name. */
static int
check_component(enum ioc_volume_area area, size_t index, const char *text,
    struct ioc_error *err)
{
	if (area == IOC_VOLUME_STAGING)
		return (ioc_name_check(IOC_NAME_COMPONENT, text, err));
	if (index == 1)
		return (ioc_name_check(area == IOC_VOLUME_JAILS ?
		    IOC_NAME_JAIL : IOC_NAME_RELEASE, text, err));
	if (area == IOC_VOLUME_RELEASES && index == 2 && text[0] == 'p')
		return (ioc_str_to_u64(text + 1, 0, UINT32_MAX,
		    &(uint64_t){ 0 }, err));
	return (ioc_fail(err, IOC_INVALID, "nothing may stand here"));
}

static int
area_of(const char *text, enum ioc_volume_area *ret)
{
	static const char *const names[] = {
		[IOC_VOLUME_RELEASES] = "releases",
		[IOC_VOLUME_JAILS] = "jails",
		[IOC_VOLUME_STAGING] = ".staging",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (enum ioc_volume_area)i;
			return (0);
		}
	}
	return (-1);
}

int
ioc_volume_check(const char *vol, bool parent, enum ioc_volume_area *ret,
    struct ioc_error *err)
{
	enum ioc_volume_area area = IOC_VOLUME_STAGING;
	size_t index = 0;

	for (const char *p = vol;; index++) {
		size_t len = strcspn(p, "/");
		char part[256];

		if (len >= sizeof(part) || index > 2)
			return (ioc_fail(err, IOC_INVALID,
			    "volume \"%s\": too long", IOC_SHOW(vol)));
		memcpy(part, p, len);
		part[len] = '\0';
		if (index == 0 && area_of(part, &area) != 0)
			return (ioc_fail(err, IOC_INVALID,
			    "volume \"%s\": no such place", IOC_SHOW(vol)));
		if (index > 0) {
			int r = check_component(area, index, part, err);

			if (r != 0)
				return (ioc_wrap(err, r, "volume \"%s\"",
				    IOC_SHOW(vol)));
		}
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	if (index == 0 && !parent)
		return (ioc_fail(err, IOC_INVALID,
		    "volume \"%s\": a name is missing", IOC_SHOW(vol)));
	if (ret != NULL)
		*ret = area;
	return (0);
}
