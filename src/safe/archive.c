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

/*
 * 100 MiB for a decoder, 80 MiB for the table of names, and what else there is;
 * so all processes together stay below 256 MiB.
 */
#define	MEMORY		(UINT64_C(216) << 20)

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

/* The descriptors of the job: archives, directory, record. */
static int
gather(const struct ioc_archive *a, int fds[IOC_ARCHIVE_MAX + 2],
    struct ioc_error *err)
{
	struct stat st;

	if (a->nin == 0 || a->nin > IOC_ARCHIVE_MAX)
		return (ioc_fail(err, IOC_INVALID,
		    "extract: not 1 to %d archives", IOC_ARCHIVE_MAX));
	for (size_t i = 0; i < a->nin; i++) {
		if (fstat(a->in_fds[i], &st) != 0)
			return (ioc_fail_errno(err, "extract: archive"));
		if (!S_ISREG(st.st_mode))
			return (ioc_fail(err, IOC_INVALID,
			    "extract: the archive is not a regular file"));
		fds[i] = a->in_fds[i];
	}
	fds[a->nin] = a->dir_fd;
	fds[a->nin + 1] = a->record_fd;
	if (a->record_fd >= 0 && (fstat(a->record_fd, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_size != 0))
		return (ioc_fail(err, IOC_INVALID,
		    "extract: the record is not an empty file"));
	return (judge_dir(a->dir_fd, err));
}

int
ioc_archive_extract(const struct ioc_archive *a, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV;
	int fds[IOC_ARCHIVE_MAX + 2], r;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_EXTRACT,
		.helper_dir = a->helper_dir,
		.verb = "extract",
		.fds = fds,
		.nfds = a->nin + 1 + (a->record_fd >= 0),
		.max_memory = MEMORY,
		.progress = a->progress,
		.arg = a->arg,
	};

	r = gather(a, fds, err);
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
	(void)ioc_strv_add(&request, "record");
	(void)ioc_strv_add(&request, a->record_fd >= 0 ? "1" : "0");
	if (a->single) {
		(void)ioc_strv_add(&request, "threads");
		(void)ioc_strv_add(&request, "1");
	}
	job.request = request;
	return (ioc_worker_run(&job, NULL, err));
}
