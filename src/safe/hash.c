/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 by the worker. */
#include "safe/hash.h"

#include "safe/worker.h"

int
ioc_hash_fd(const char *helper_dir, int fd, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	auto_strv struct ioc_strv results = IOC_STRV;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = helper_dir,
		.verb = "hash",
		.fds = &fd,
		.nfds = 1,
	};
	const char *value;
	int r;

	r = ioc_worker_run(&job, &results, err);
	if (r != 0)
		return (r);
	value = ioc_worker_value(&results, "sha256");
	if (value == NULL || ioc_hash_parse(value, hex, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT, "worker hash: no hash"));
	return (0);
}
