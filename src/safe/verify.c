/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing by the worker, and what it says of it, of which nothing is trusted. */
#include "safe/verify.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/worker.h"

#define	MEMORY		(UINT64_C(128) << 20)
#define	PATH		4352		/* bytes; a name more than a path has */
#define	DETAIL		128

static const struct {
	char		 letter;
	enum ioc_difference what;
} letters[] = {
	{ 'C', IOC_DIFF_CHANGED },
	{ 'M', IOC_DIFF_MISSING },
	{ 'X', IOC_DIFF_EXTRA },
};

static int
lies(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT,
	    "worker verify: differences that cannot be"));
}

/* One difference at s, up to end; its length in *ret. */
static int
one(const struct ioc_verify *v, const char *s, const char *end, size_t *ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf path = IOC_BUF((size_t)4 * PATH);
	size_t left = (size_t)(end - s) - 1, n, m, i = 0;
	const char *detail;

	while (i < 3 && letters[i].letter != *s)
		i++;
	s++;
	n = strnlen(s, left);
	if (i == 3 || n == 0 || n == left || n > PATH)
		return (lies(err));
	detail = s + n + 1;
	left -= n + 1;
	m = strnlen(detail, left);
	if (m == left || m > DETAIL ||
	    strspn(detail, "abcdefghijklmnopqrstuvwxyz ") != m)
		return (lies(err));
	if (ioc_str_escape(&path, s, n) != 0)
		return (ioc_buf_check(&path, err));
	*ret = n + m + 3;
	if (v->found != NULL &&
	    v->found(letters[i].what, ioc_buf_str(&path), detail, v->arg) != 0)
		return (ioc_fail(err, IOC_CANCELED, "canceled"));
	return (0);
}

/* A copy first: nothing that reads it can be confused by a change. */
static int
tell(const struct ioc_verify *v, int fd, struct ioc_error *err)
{
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0, n = 0;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "differences"));
	if (st.st_size < 0 || st.st_size > IOC_VERIFY_OUTPUT)
		return (lies(err));
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		return (ioc_fail_nomem(err));
	while (len < (size_t)st.st_size) {
		ssize_t got = pread(fd, text + len, (size_t)st.st_size - len,
		    (off_t)len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (lies(err));
		len += (size_t)got;
	}
	for (size_t at = 0; at < len; at += n) {
		int r = one(v, text + at, text + len, &n, err);

		if (r != 0)
			return (r);
	}
	return (0);
}

static int
judge(const struct ioc_verify *v, struct ioc_error *err)
{
	struct stat st;

	if (v->nlayers == 0 || v->nlayers > IOC_VERIFY_LAYERS)
		return (ioc_fail(err, IOC_INVALID, "verify: not 1 to %d layers",
		    IOC_VERIFY_LAYERS));
	if (fstat(v->record_fd, &st) != 0)
		return (ioc_fail_errno(err, "verify: record"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "verify: the record is not a regular file"));
	for (size_t i = 0; i < v->nlayers; i++)
		if (fstat(v->layers[i].fd, &st) != 0 || !S_ISDIR(st.st_mode))
			return (ioc_fail(err, IOC_INVALID,
			    "verify: a layer is not a directory"));
	return (0);
}

int
ioc_verify_tree(const struct ioc_verify *v, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV;
	auto_fd int out = -1;
	int fds[IOC_VERIFY_LAYERS + 2];
	struct ioc_worker_job job = {
		.role = IOC_WORKER_VERIFY,
		.helper_dir = v->helper_dir,
		.verb = "verify",
		.fds = fds,
		.nfds = v->nlayers + 2,
		.max_memory = MEMORY,
		.progress = v->progress,
		.arg = v->arg,
	};
	int r = judge(v, err);

	if (r != 0)
		return (r);
	out = memfd_create("ioc-differences", MFD_CLOEXEC);
	if (out < 0)
		return (ioc_fail_errno(err, "verify: memory"));
	fds[0] = v->record_fd;
	fds[1] = out;
	for (size_t i = 0; i < v->nlayers; i++) {
		fds[i + 2] = v->layers[i].fd;
		(void)ioc_strv_add(&request, "at");
		(void)ioc_strv_add(&request, v->layers[i].at);
	}
	for (const char *const *p = v->ignore; p != NULL && *p != NULL; p++) {
		(void)ioc_strv_add(&request, "ignore");
		(void)ioc_strv_add(&request, *p);
	}
	(void)ioc_strv_add(&request, "id_base");
	(void)ioc_strv_addf(&request, "%" PRIu32, v->id_base);
	(void)ioc_strv_add(&request, "max_entries");
	(void)ioc_strv_addf(&request, "%" PRIu64, v->max_entries);
	job.request = request;
	r = ioc_worker_run(&job, NULL, err);
	return (r == 0 ? tell(v, out, err) : r);
}
