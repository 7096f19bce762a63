/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of its own for each test of a program, as *state. */
#ifndef TESTS_UNIT_ROOT_H
#define TESTS_UNIT_ROOT_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"

struct root {
	char	top[64];
	int	fd;
};

static inline int
root_setup(void **state)
{
	struct root *t = calloc(1, sizeof(*t));

	(void)snprintf(t->top, sizeof(t->top), "/tmp/ioc-unit-XXXXXX");
	assert_non_null(mkdtemp(t->top));
	t->fd = ioc_path_root(t->top, NULL);
	assert_true(t->fd >= 0);
	*state = t;
	return (0);
}

static inline int
root_teardown(void **state)
{
	struct root *t = *state;
	auto_fd int tmp = ioc_path_root("/tmp", NULL);

	ioc_fd_close(&t->fd);
	assert_int_equal(ioc_tree_remove(tmp, strrchr(t->top, '/') + 1, NULL),
	    0);
	free(t);
	return (0);
}

/* A file beneath a directory, and what leads to it. */
static inline void
put(int root, const char *path, const char *text)
{
	auto_free char *dir = strdup(path);
	char *slash = strrchr(dir, '/');
	auto_fd int fd = -1;

	if (slash != NULL) {
		*slash = '\0';
		fd = ioc_path_mkdirs(root, dir, 0755, (uid_t)-1, (gid_t)-1, 0,
		    NULL);
		assert_true(fd >= 0);
	}
	assert_int_equal(ioc_file_replace(root, path, text, strlen(text), 0644,
	    (uid_t)-1, (gid_t)-1, 0, NULL), 0);
}

#define	WITH_ROOT(f)							\
	cmocka_unit_test_setup_teardown(f, root_setup, root_teardown)
#define	ROOT_FD(state)	(((struct root *)*(state))->fd)

#endif /* TESTS_UNIT_ROOT_H */
