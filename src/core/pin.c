/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/pin.h"

#include <string.h>

#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"

#define	DIR	".manifests"
#define	PIN	"pin"		/* a name, a newline, the manifest */
#define	MAX	(1024 * 1024 + 256)

int
ioc_pin_open(struct ioc_pin *p, struct ioc_source *s, struct ioc_dist_job *job,
    struct ioc_error *err)
{
	p->dir_fd = ioc_path_dir(s->store->root, DIR, IOC_PATH_NOLINKS, err);
	if (p->dir_fd < 0 && p->dir_fd != IOC_NOT_FOUND)
		return (p->dir_fd);
	job->pins_fd = p->dir_fd < 0 ? -1 : p->dir_fd;
	job->pin = &p->now;
	return (0);
}

int
ioc_pin_write(const struct ioc_pin *p, int dirfd, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MAX);
	int r;

	if (p->now.name[0] == '\0')
		return (0);
	(void)ioc_buf_addf(&b, "%s\n", p->now.name);
	(void)ioc_buf_add(&b, ioc_buf_str(&p->now.text), p->now.text.len);
	r = ioc_buf_check(&b, err);
	return (r != 0 ? r : ioc_file_replace(dirfd, PIN, b.data, b.len, 0600,
	    (uid_t)-1, (gid_t)-1, 0, err));
}

static int
keep(struct ioc_source *s, const char *name, const char *text, size_t len,
    struct ioc_error *err)
{
	auto_fd int dir = -1;
	int r = ioc_name_check(IOC_NAME_COMPONENT, name, err);

	if (r != 0)
		return (r);
	dir = ioc_path_mkdirs(s->store->root, DIR, 0700, (uid_t)-1, (gid_t)-1,
	    IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (dir);
	return (ioc_file_replace(dir, name, text, len, 0600, (uid_t)-1,
	    (gid_t)-1, 0, err));
}

int
ioc_pin_keep(struct ioc_source *s, const char *staging, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MAX);
	struct ioc_error cause = { .code = 0 };
	auto_free char *path = NULL;
	char *nl;
	int r;

	if (asprintf(&path, "%s/" PIN, staging) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_file_read(s->store->root, path, &b, &cause);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &cause);
		return (ioc_wrap(err, r, "manifest"));
	}
	nl = memchr(ioc_buf_str(&b), '\n', b.len);
	if (nl == NULL)
		return (0);	/* nothing that was written by us */
	*nl++ = '\0';
	return (ioc_wrap(err, keep(s, b.data, nl,
	    b.len - (size_t)(nl - b.data), err), "manifest"));
}

void
ioc_pin_fini(struct ioc_pin *p)
{
	ioc_fd_close(&p->dir_fd);
	ioc_buf_fini(&p->now.text);
}
