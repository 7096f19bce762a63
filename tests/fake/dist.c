/* SPDX-License-Identifier: BSD-2-Clause */
/* A distribution for engine tests, in place of dist/dist.c. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "dist/dist.h"
#include "safe/file.h"
#include "tests/fake/fake.h"

struct fake_dist fake_dist;

static int
fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	int r = ioc_file_replace(job->root_fd, "os-release", "testos\n", 7,
	    0644, 0, 0, IOC_FILE_NOSYNC, err);

	/* Half of it is there when it fails. */
	if (r == 0 && fake_dist.fetch_fails)
		r = ioc_fail(err, IOC_NETWORK, "injected fault");
	if (r == 0 && job->progress("download", 1, 2, job->arg) != 0)
		r = ioc_fail(err, IOC_CANCELED, "canceled");
	return (r);
}

static int
update_fetch(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	*n = fake_dist.updates;
	return (ioc_file_replace(job->updates_fd, "package", "new\n", 4, 0644,
	    0, 0, IOC_FILE_NOSYNC, err));
}

static int
clean(const struct ioc_dist_job *job, struct ioc_error *err)
{
	return (0);
}

static int
version(int root_fd, char ret[64], struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(100);
	int r = ioc_file_read(root_fd, "os-release", &b, err);

	if (r == 0)
		memcpy(ret, "1.0", 4);
	return (r);
}

static const char *const names[] = { "one", "two", NULL };
static const char *const argv[] = { "/finish", NULL };

static const struct ioc_dist testos = {
	.name = "testos", .system = "Fake",
	.default_mirror = "https://localhost/", .releases = names,
	.fetch = fetch, .finish_argv = argv, .clean = clean,
	.update_fetch = update_fetch, .update_argv = argv, .version = version,
};

static const struct ioc_dist *const all[] = { &testos, NULL };

const struct ioc_dist *
ioc_dist_find(const char *name)
{
	return (strcmp(name, "testos") == 0 ? &testos : NULL);
}

const struct ioc_dist *
ioc_dist_of_release(const char *release)
{
	return (strcmp(release, "one") == 0 || strcmp(release, "two") == 0 ?
	    &testos : NULL);
}

const struct ioc_dist *const *
ioc_dist_all(void)
{
	return (all);
}
