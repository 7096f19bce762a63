/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/recorder.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "safe/worker.h"

#define	MEMORY	(UINT64_C(128) << 20)

int
ioc_record_tree(const struct ioc_recorder *r, struct ioc_error *err)
{
	const int fds[] = { r->out_fd, r->dir_fd };
	struct ioc_worker_job job = {
		.role = IOC_WORKER_VERIFY,
		.helper_dir = r->helper_dir,
		.verb = "record",
		.fds = fds,
		.nfds = 2,
		.max_memory = MEMORY,
		.progress = r->progress,
		.arg = r->arg,
	};
	struct stat st;

	if (fstat(r->dir_fd, &st) != 0 || !S_ISDIR(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "record: the tree is not a directory"));
	if (fstat(r->out_fd, &st) != 0 || !S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "record: not a regular file to write to"));
	return (ioc_worker_run(&job, NULL, err));
}
