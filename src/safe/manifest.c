/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists by the worker, each of whose words is judged again. */
#include "safe/manifest.h"

#include <sys/stat.h>

#include <string.h>

#include "base/cleanup.h"
#include "safe/name.h"
#include "safe/worker.h"

#define	HEX	(IOC_SHA256_HEX - 1)
#define	TIMEOUT	(60 * 1000)

static int
lies(const char *verb, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "worker %s: what it read cannot be",
	    verb));
}

/* A regular file that is not too large. */
static int
judge_input(int fd, uint64_t max, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "read"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID, "not a regular file"));
	if ((uint64_t)st.st_size > max)
		return (ioc_fail(err, IOC_LIMIT, "more than %zu bytes",
		    (size_t)max));
	return (0);
}

static int
run(const char *helper_dir, const char *verb, const int *fd,
    const struct ioc_strv *request, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = helper_dir,
		.verb = verb,
		.request = *request,
		.fds = fd,
		.nfds = 1,
		.timeout_ms = TIMEOUT,
	};

	return (ioc_worker_run(&job, results, err));
}

/* "HASH FILE" */
static int
take_set(struct ioc_manifest *m, const char *value, struct ioc_error *err)
{
	struct ioc_manifest_set *s = &m->sets[m->n];
	char hex[IOC_SHA256_HEX];
	const char *file;

	if (strlen(value) < HEX + 2 || value[HEX] != ' ')
		return (lies("manifest", err));
	memcpy(hex, value, HEX);
	hex[HEX] = '\0';
	file = value + HEX + 1;
	if (ioc_hash_parse(hex, s->sha256, NULL) != 0 ||
	    ioc_name_check(IOC_NAME_SET, file, NULL) != 0 ||
	    strlen(file) >= sizeof(s->file) ||
	    ioc_manifest_find(m, file) != NULL)
		return (lies("manifest", err));
	memcpy(s->file, file, strlen(file) + 1);
	m->n++;
	return (0);
}

int
ioc_manifest_read(const char *helper_dir, int fd, enum ioc_manifest_kind kind,
    struct ioc_manifest *ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest m = { NULL };
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	int r;

	(void)ioc_strv_add(&request, "kind");
	(void)ioc_strv_addf(&request, "%d", (int)kind);
	r = judge_input(fd, IOC_MANIFEST_BYTES, err);
	if (r == 0)
		r = run(helper_dir, "manifest", &fd, &request, &results, err);
	if (r != 0)
		return (r);
	m.sets = calloc(IOC_MANIFEST_SETS, sizeof(*m.sets));
	if (m.sets == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; r == 0 && i + 1 < results.n; i += 2) {
		if (strcmp(results.v[i], "set") != 0)
			continue;
		r = m.n >= IOC_MANIFEST_SETS ? lies("manifest", err) :
		    take_set(&m, results.v[i + 1], err);
	}
	if (r == 0 && m.n == 0)
		r = lies("manifest", err);
	if (r != 0)
		return (r);
	*ret = m;
	m = (struct ioc_manifest){ NULL };
	return (0);
}

void
ioc_manifest_fini(struct ioc_manifest *m)
{
	free(m->sets);
	*m = (struct ioc_manifest){ NULL };
}

const struct ioc_manifest_set *
ioc_manifest_find(const struct ioc_manifest *m, const char *file)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->sets[i].file, file) == 0)
			return (&m->sets[i]);
	return (NULL);
}

int
ioc_listing_read(const char *helper_dir, int fd, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	auto_strv struct ioc_strv names = IOC_STRV;
	const char *text;
	int r;

	r = judge_input(fd, IOC_LISTING_BYTES, err);
	if (r == 0)
		r = run(helper_dir, "listing", &fd, &request, &results, err);
	if (r != 0)
		return (r);
	text = ioc_worker_value(&results, "names");
	if (text == NULL)
		return (lies("listing", err));
	while (*text != '\0') {
		size_t len = strcspn(text, "/");

		if (text[len] != '/' || names.n >= IOC_LISTING_NAMES)
			return (lies("listing", err));
		if (ioc_strv_addn(&names, text, len) != 0)
			break;
		if (ioc_name_check(IOC_NAME_SET, names.v[names.n - 1],
		    NULL) != 0)
			return (lies("listing", err));
		text += len + 1;
	}
	r = ioc_strv_check(&names, err);
	if (r != 0)
		return (r);
	ioc_strv_fini(ret);
	*ret = names;
	names = (struct ioc_strv)IOC_STRV;
	return (0);
}
