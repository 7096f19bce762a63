/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safe/tree.h"

static int
on_event(const struct ioc_event *ev, void *arg)
{
	struct engine *e = arg;

	if (ev->phase == IOC_PHASE_WARN) {
		e->warnings++;
		(void)snprintf(e->last_warning, sizeof(e->last_warning),
		    "%.200s", ev->err->msg);
	}
	if (ev->phase == IOC_PHASE_BEGIN && ++e->begins == e->cancel_at)
		return (1);
	return (0);
}

const char *
engine_helper_dir(void)
{
	const char *dir = getenv("HELPER_DIR");

	return (dir != NULL ? dir : "/nonexistent");
}

void
engine_reopen(struct engine *e)
{
	struct ioc_host_options o = {
		.config = e->config, .helper_dir = engine_helper_dir(),
		.event = on_event, .event_arg = e,
		.no_recover = e->no_recover,
	};
	struct ioc_error err = { .msg = "" };

	ioc_host_close(e->host);
	e->host = NULL;
	if (ioc_host_open(&o, &e->host, &err) != 0)
		fail_msg("open: %s", err.msg);
}

/* In memory where there is such a place: thousands are made. */
static const char *
parent_dir(void)
{
	return (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

char engine_backup[64];

static void
remove_backup(void)
{
	(void)unlink(engine_backup);
}

/* Once for all tests of a program, before anything is made to fail. */
static void
make_backup(struct engine *e)
{
	struct ioc_export_options o = { .file = engine_backup };
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;

	if (engine_backup[0] != '\0')
		return;
	(void)snprintf(engine_backup, sizeof(engine_backup),
	    "%s/ioc-engine-%ld.tar", parent_dir(), (long)getpid());
	engine_create(e, "web");
	if (ioc_jail_open(e->host, "web", &j, &err) != 0 ||
	    ioc_jail_export(j, &o, &err) != 0 ||
	    ioc_jail_destroy(j, false, &err) != 0)
		fail_msg("backup: %s", err.msg);
	ioc_jail_close(j);
	(void)atexit(remove_backup);
}

int
engine_setup(void **state)
{
	struct engine *e = calloc(1, sizeof(*e));
	struct ioc_fetch_options f = { .release = "one" };
	struct ioc_error err = { .msg = "" };
	char source[96], run[96];
	FILE *conf;

	assert_non_null(e);
	fake_reset();
	memset(&fake_dist, 0, sizeof(fake_dist));
	(void)snprintf(e->dir, sizeof(e->dir), "%s/ioc-engine-XXXXXX",
	    parent_dir());
	assert_non_null(mkdtemp(e->dir));
	(void)snprintf(e->config, sizeof(e->config), "%s/ioc.conf", e->dir);
	(void)snprintf(source, sizeof(source), "%s/source", e->dir);
	(void)snprintf(run, sizeof(run), "%s/run", e->dir);
	conf = fopen(e->config, "w");
	assert_non_null(conf);
	/* Few ranges, whose numbers are all of the same length. */
	(void)fprintf(conf, "ioc_run_dir=\"%s\"\n"
	    "ioc_uid_range=\"655360000:655359\"\n", run);
	(void)fclose(conf);
	if (ioc_activate_dir(e->config, source, "main", &err) != 0)
		fail_msg("activate: %s", err.msg);
	engine_reopen(e);
	if (ioc_release_fetch(e->host, &f, &err) != 0)
		fail_msg("fetch: %s", err.msg);
	make_backup(e);
	*state = e;
	return (0);
}

int
engine_teardown(void **state)
{
	struct engine *e = *state;
	int tmp;

	ioc_host_close(e->host);
	tmp = open(parent_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)ioc_tree_remove(tmp, strrchr(e->dir, '/') + 1, NULL);
	(void)close(tmp);
	free(e);
	return (0);
}

/* nftw has no argument for its callback. */
static struct {
	struct ioc_buf *out;
	size_t	skip;
} walk;

static int
describe_entry(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)ioc_buf_addf(walk.out, "%s %o %u:%u %lld\n", path + walk.skip,
	    st->st_mode, st->st_uid, st->st_gid,
	    S_ISREG(st->st_mode) ? (long long)st->st_size : 0);
	return (0);
}

static int
compare_lines(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

void
engine_describe(struct engine *e, struct ioc_buf *out)
{
	auto_buf struct ioc_buf b = IOC_BUF(4 * 1024 * 1024);
	auto_free char **lines = NULL;
	char path[96], *p;
	size_t n = 0;

	for (const char *const *d = (const char *const[]){ "source", "run/jails",
	    NULL }; *d != NULL; d++) {
		(void)snprintf(path, sizeof(path), "%s/%s", e->dir, *d);
		walk.out = &b;
		walk.skip = strlen(e->dir);
		(void)nftw(path, describe_entry, 16, FTW_PHYS);
	}
	assert_int_equal(ioc_buf_check(&b, NULL), 0);
	lines = calloc(b.len + 1, sizeof(*lines));
	assert_non_null(lines);
	for (p = b.data; p != NULL && *p != '\0';) {
		char *nl = strchr(p, '\n');

		*nl = '\0';
		lines[n++] = p;
		p = nl + 1;
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++)
		(void)ioc_buf_addf(out, "%s\n", lines[i]);
	fake_describe(out);
}

void
engine_create(struct engine *e, const char *name)
{
	struct ioc_create_options o = { .name = name, .release = "one" };
	struct ioc_error err = { .msg = "" };

	if (ioc_jail_create(e->host, &o, NULL, &err) != 0)
		fail_msg("create: %s", err.msg);
}

struct engine *
engine_renew(void **state)
{
	engine_teardown(state);
	engine_setup(state);
	engine_create(*state, "web");
	return (*state);
}

struct engine *
engine_prepare(void **state, const struct engine_op *op)
{
	struct engine *e = engine_renew(state);

	if (op->prepare != NULL)
		op->prepare(e);
	return (e);
}
