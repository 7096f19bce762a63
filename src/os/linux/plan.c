/* SPDX-License-Identifier: BSD-2-Clause */
/* A command in one block of memory, to be handed from process to process. */
#include "os/linux/linux.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define	PLAN_MAX	(8u << 20)

static size_t
vector(const char *const *v, size_t *n)
{
	size_t bytes = 0;

	*n = 0;
	if (v == NULL)
		return (0);
	for (; v[*n] != NULL; (*n)++)
		bytes += strlen(v[*n]) + 1;
	return (bytes);
}

static uint32_t
put(struct lx_plan *p, uint32_t *at, const char *s)
{
	uint32_t here = *at;
	size_t len;

	if (s == NULL)
		return (0);
	len = strlen(s) + 1;
	memcpy((char *)p + here, s, len);
	*at += (uint32_t)len;
	return (here);
}

/* Pointers stand as offsets until lx_become makes them pointers. */
static void
put_vector(struct lx_plan *p, uint32_t table, uint32_t *at,
    const char *const *v, size_t n)
{
	char *t = (char *)p + table;

	for (size_t i = 0; i < n; i++) {
		uintptr_t here = put(p, at, v[i]);

		memcpy(t + i * sizeof(here), &here, sizeof(here));
	}
}

static size_t
length(const char *s)
{
	return (s != NULL ? strlen(s) + 1 : 0);
}

int
ioc_lx_plan_make(const struct ioc_os_exec *e, struct lx_plan **ret,
    struct ioc_error *err)
{
	size_t argc, envc, text, tables, total, scratch;
	struct lx_plan *p;
	uint32_t at;

	text = vector(e->argv, &argc);
	text += vector(e->env, &envc);
	text += length(e->user) + length(e->dir);
	scratch = IOC_COMMAND_SPACE(text);
	tables = (argc + 1 + envc + 1 + IOC_COMMAND_ENV) * sizeof(char *);
	total = sizeof(*p) + tables + text + scratch;
	if (total > PLAN_MAX)
		return (ioc_fail(err, IOC_LIMIT,
		    "arguments and environment are longer than %u bytes",
		    PLAN_MAX));
	if (argc == 0 && !e->login)
		return (ioc_fail(err, IOC_INVALID, "no command was given"));
	p = calloc(1, total);
	if (p == NULL)
		return (ioc_fail_nomem(err));
	p->size = total;
	p->argc = (uint32_t)argc;
	p->envc = (uint32_t)envc;
	p->argv = sizeof(*p);
	p->env = p->argv + (uint32_t)((argc + 1) * sizeof(char *));
	at = (uint32_t)(sizeof(*p) + tables);
	put_vector(p, p->argv, &at, e->argv, argc);
	put_vector(p, p->env, &at, e->env, envc);
	p->user = put(p, &at, e->user);
	p->dir = put(p, &at, e->dir);
	p->scratch = at;
	p->scratch_len = (uint32_t)(total - at);
	p->rows = e->rows;
	p->cols = e->cols;
	p->login = e->login;
	p->tty = e->tty;
	*ret = p;
	return (0);
}

int
ioc_lx_plan_fd(const struct lx_plan *p, struct ioc_error *err)
{
	auto_fd int fd = memfd_create("command", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, p->size) != (ssize_t)p->size)
		return (ioc_fail_errno(err, "pass the command"));
	return (take_fd(&fd));
}

int
ioc_lx_plan_map(int fd, struct lx_plan **ret, struct ioc_error *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "take the command"));
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return (ioc_fail_errno(err, "take the command"));
	*ret = p;
	return (0);
}
