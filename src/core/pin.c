/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/pin.h"

#include "safe/file.h"
#include "safe/path.h"

#define	DIR	".manifests"

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
ioc_pin_write(struct ioc_pin *p, struct ioc_source *s, struct ioc_error *err)
{
	const char *name = p->now.name;
	int r;

	if (name[0] == '\0')
		return (0);
	if (p->dir_fd < 0) {
		p->made = true;
		p->dir_fd = ioc_path_mkdirs(s->store->root, DIR, 0700,
		    (uid_t)-1, (gid_t)-1, IOC_PATH_NOLINKS, err);
	}
	if (p->dir_fd < 0)
		return (p->dir_fd);
	r = ioc_file_read(p->dir_fd, name, &p->before, err);
	p->had = r == 0;
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	p->written = true;
	return (ioc_file_replace(p->dir_fd, name, ioc_buf_str(&p->now.text),
	    p->now.text.len, 0600, (uid_t)-1, (gid_t)-1, 0, err));
}

int
ioc_pin_restore(struct ioc_pin *p, struct ioc_source *s, struct ioc_error *err)
{
	int r = 0;

	if (p->written && p->had)
		r = ioc_file_replace(p->dir_fd, p->now.name,
		    ioc_buf_str(&p->before), p->before.len, 0600, (uid_t)-1,
		    (gid_t)-1, 0, err);
	else if (p->written)
		r = ioc_path_unlink(p->dir_fd, p->now.name, IOC_PATH_NOLINKS,
		    err);
	if (p->made)
		/* another fetch may have put its own into it meanwhile */
		(void)ioc_path_rmdir(s->store->root, DIR, IOC_PATH_NOLINKS,
		    NULL);
	p->written = p->made = false;
	return (r == IOC_NOT_FOUND ? 0 : r);
}

void
ioc_pin_fini(struct ioc_pin *p)
{
	ioc_fd_close(&p->dir_fd);
	ioc_buf_fini(&p->now.text);
	ioc_buf_fini(&p->before);
}
