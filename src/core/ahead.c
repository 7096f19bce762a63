/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading many configurations at once: nearly all of it is time in the kernel. */
#include <pthread.h>
#include <signal.h>

#include "core/jail.h"

#define	FEW		128	/* a thread costs as much as some tens of files */
#define	STEP		16
#define	MAX_THREADS	3
#define	STACK		(256 * 1024)

struct ahead {
	struct ioc_jail *const *v;
	size_t	n;
	size_t	next;		/* atomic: the first one that nobody took */
};

/* Each jail is touched by the thread that took it, and nothing else is. */
static void *
read_some(void *arg)
{
	struct ahead *a = arg;

	for (;;) {
		size_t i = __atomic_fetch_add(&a->next, STEP,
		    __ATOMIC_RELAXED), end = i + STEP;
		struct ioc_conf *conf;

		if (i >= a->n)
			return (NULL);
		for (; i < end && i < a->n; i++)
			(void)ioc_jail_conf(a->v[i], &conf, NULL);
	}
}

static size_t
start_threads(struct ahead *a, pthread_t *ids)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t all, before;
	pthread_attr_t attr;
	size_t n = 0;

	if (cpus < 2 || pthread_attr_init(&attr) != 0)
		return (0);
	(void)pthread_attr_setstacksize(&attr, STACK);
	/* Signals are the caller's business. */
	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
		while (n < MAX_THREADS && (long)n + 1 < cpus &&
		    pthread_create(&ids[n], &attr, read_some, a) == 0)
			n++;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
	return (n);
}

void
ioc_jails_read_ahead(struct ioc_jail *const *v, size_t n)
{
	struct ahead a = { .v = v, .n = n };
	pthread_t ids[MAX_THREADS];
	size_t nthreads;

	if (n < FEW)
		return;
	nthreads = start_threads(&a, ids);
	(void)read_some(&a);
	while (nthreads > 0)
		(void)pthread_join(ids[--nthreads], NULL);
}
