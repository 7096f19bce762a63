/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking by the worker. */
#include "safe/archive.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "safe/worker.h"

/* For the table of names of two million members, and a decoder. */
#define	MEMORY		(UINT64_C(1) << 30)

static int
judge_dir(int dir_fd, struct ioc_error *err)
{
	auto_dir DIR *dir = NULL;
	auto_fd int fd = -1;
	struct dirent *e;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL)
		return (ioc_fail_errno(err, "extract: target directory"));
	(void)take_fd(&fd);
	while ((errno = 0, e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return (ioc_fail(err, IOC_EXISTS,
			    "extract: the target directory is not empty"));
	if (errno != 0)
		return (ioc_fail_errno(err, "extract: target directory"));
	return (0);
}

int
ioc_archive_extract(const struct ioc_archive *a, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV;
	const int fds[] = { a->in_fd, a->dir_fd };
	struct ioc_worker_job job = {
		.role = IOC_WORKER_EXTRACT,
		.helper_dir = a->helper_dir,
		.verb = "extract",
		.fds = fds,
		.nfds = 2,
		.max_memory = MEMORY,
		.progress = a->progress,
		.arg = a->arg,
	};
	struct stat st;
	int r;

	if (fstat(a->in_fd, &st) != 0)
		return (ioc_fail_errno(err, "extract: archive"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "extract: the archive is not a regular file"));
	r = judge_dir(a->dir_fd, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(&request, "max_entries");
	(void)ioc_strv_addf(&request, "%" PRIu64, a->max_entries);
	(void)ioc_strv_add(&request, "max_bytes");
	(void)ioc_strv_addf(&request, "%" PRIu64, a->max_bytes);
	(void)ioc_strv_add(&request, "devices");
	(void)ioc_strv_add(&request, a->devices ? "1" : "0");
	(void)ioc_strv_add(&request, "setid");
	(void)ioc_strv_add(&request, a->setid ? "1" : "0");
	job.request = request;
	return (ioc_worker_run(&job, NULL, err));
}
