/* SPDX-License-Identifier: BSD-2-Clause */
/* ioc-worker: one job on foreign bytes, in a sandbox; see safe/worker.h. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "safe/archive.h"
#include "safe/fetch.h"
#include "safe/verify.h"
#include "worker/worker.h"

static const struct {
	const char	*name;
	enum ioc_worker_role role;
	uint64_t	 min_fds;
	uint64_t	 max_fds;
	int		(*run)(const struct ioc_request *, struct ioc_strv *,
			    struct ioc_error *);
} verbs[] = {
	{ "fetch", IOC_WORKER_FETCH, 1, IOC_FETCH_MAX, ioc_verb_fetch },
	{ "hash", IOC_WORKER_PARSE, 1, 1, ioc_verb_hash },
	{ "extract", IOC_WORKER_EXTRACT, 2, IOC_ARCHIVE_MAX + 2,
	    ioc_verb_extract },
	{ "manifest", IOC_WORKER_PARSE, 1, 1, ioc_verb_manifest },
	{ "listing", IOC_WORKER_PARSE, 1, 1, ioc_verb_listing },
	{ "verify", IOC_WORKER_VERIFY, 3, IOC_VERIFY_LAYERS + 2,
	    ioc_verb_verify },
	{ "head", IOC_WORKER_PARSE, 1, 1, ioc_verb_head },
	{ "pack", IOC_WORKER_VERIFY, 2, IOC_VERIFY_LAYERS + 4, ioc_verb_pack },
	{ "unpack", IOC_WORKER_EXTRACT, 3, 4, ioc_verb_unpack },
	{ "record", IOC_WORKER_VERIFY, 2, 2, ioc_verb_record },
	{ "merge", IOC_WORKER_PARSE, 2, 3, ioc_verb_merge },
};

int
ioc_verb_sandbox(const struct ioc_request *q, struct ioc_sandbox *s,
    struct ioc_strv *results, struct ioc_error *err)
{
	char missing[128];
	int r;

	s->max_memory = q->max_memory;
	r = ioc_sandbox_enter(s, missing, err);
	if (r != 0)
		return (r);
	/* Without them the extractor, which has root's rights, sees the host. */
	if (strstr(missing, "seccomp") != NULL ||
	    strstr(missing, "namespaces") != NULL ||
	    strstr(missing, "capsicum") != NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "sandbox: the kernel lacks %s", missing));
	(void)ioc_strv_add(results, "missing");
	(void)ioc_strv_add(results, missing);
	return (ioc_strv_check(results, err));
}

static int
run(struct ioc_request *q, struct ioc_strv *results, struct ioc_error *err)
{
	const char *verb;
	int r = ioc_msg_request(q, err);

	if (r == 0)
		r = ioc_request_text(q, "verb", &verb, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (q->role != verbs[i].role || q->nfds < verbs[i].min_fds ||
		    q->nfds > verbs[i].max_fds)
			return (ioc_fail(err, IOC_INVALID,
			    "%s: wrong role or descriptors", verb));
		r = verbs[i].run(q, results, err);
		return (r != 0 ? r : ioc_strv_check(results, err));
	}
	return (ioc_fail(err, IOC_INVALID, "no such verb"));
}

int
main(void)
{
	struct ioc_request q = { .pairs = IOC_STRV };
	struct ioc_strv results = IOC_STRV;
	struct ioc_error err = { 0 };
	struct stat st;

	if (fstat(WORKER_SOCKET, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		(void)fprintf(stderr, "ioc-worker is run by libioc only\n");
		return (2);
	}
	ioc_tight_memory();
	(void)umask(0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* Names in archives are UTF-8, whatever the host speaks. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		(void)setlocale(LC_CTYPE, "en_US.UTF-8");
	for (int fd = WORKER_SOCKET; fd < WORKER_FD + IOC_WORKER_FDS; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (run(&q, &results, &err) != 0)
		return (ioc_msg_failed(&err) == 0 ? 1 : 3);
	return (ioc_msg_done(&results) == 0 ? 0 : 3);
}
