/* SPDX-License-Identifier: BSD-2-Clause */
/* A distribution for engine tests, in place of dist/dist.c. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dist/dist.h"
#include "safe/file.h"
#include "safe/recorder.h"
#include "tests/fake/fake.h"

struct fake_dist fake_dist;

/* What the next fetch of it must agree with. */
static int
pin(const struct ioc_dist_job *job, struct ioc_error *err)
{
	if (job->pin == NULL)
		return (0);
	(void)snprintf(job->pin->name, sizeof(job->pin->name), "test-%s",
	    job->release);
	ioc_buf_clear(&job->pin->text);
	(void)ioc_buf_addf(&job->pin->text, "manifest %u\n",
	    fake_dist.manifest);
	return (ioc_buf_check(&job->pin->text, err));
}

static int
fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	int r = ioc_file_replace(job->root_fd, "os-release", "testos\n", 7,
	    0644, 0, 0, IOC_FILE_NOSYNC, err);

	if (r == 0)
		r = ioc_file_write_all(job->record_fd, "#mtree\n", 7, err);
	if (r == 0)
		r = pin(job, err);

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
	(void)usleep(fake_dist.takes_ms * 1000);
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

/* No worker: what a record is made of is not the engine's. */
int
ioc_record_tree(const struct ioc_recorder *r, struct ioc_error *err)
{
	return (fake_dist.record_fails ?
	    ioc_fail(err, IOC_LIMIT, "injected fault") :
	    ioc_file_write_all(r->out_fd, "#mtree again\n", 13, err));
}

static const char *const names[] = { "one", "two", NULL };
static const char *const systems[] = { "Fake", NULL };
static const struct ioc_dist_line lines[] = {
	{ "etc/rc.conf", "testd_enable", "NO" },
	{ "etc/rc.conf", "test_flags", "-t" },
	{ "etc/sysctl.conf", "test.one", "1" },
	{ NULL, NULL, NULL },
};
static const char *const argv[] = { "/finish", NULL };

static const char *const base_dirs[] = { "bin", "lib", NULL };

static const struct ioc_dist testos = {
	.name = "testos", .systems = systems, .records = true,
	.has_sets = true, .config = lines,
	.default_mirror = "https://localhost/", .releases = names,
	.fetch = fetch, .finish_argv = argv, .clean = clean,
	.update_fetch = update_fetch, .update_argv = argv, .version = version,
	.base_dirs = base_dirs,
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

bool
ioc_dist_knows(const struct ioc_dist *d, const char *release)
{
	return (ioc_dist_of_release(release) == d);
}

bool
ioc_dist_runs_on(const struct ioc_dist *d, const char *system)
{
	return (strcmp(system, fake_dist.foreign ? "Other" : "Fake") == 0);
}

const struct ioc_dist *const *
ioc_dist_all(void)
{
	return (all);
}
