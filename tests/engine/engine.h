/* SPDX-License-Identifier: BSD-2-Clause */
/* A source in a temporary directory and a fake host, for engine tests. */
#ifndef TESTS_ENGINE_H
#define TESTS_ENGINE_H

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "ioc.h"
#include "tests/fake/fake.h"

struct engine {
	char	dir[64];		/* everything lies in it */
	char	config[96];
	struct ioc_host *host;
	bool	no_recover;		/* the next time it is opened */
	unsigned cancel_at;		/* the n-th BEGIN is canceled; 0: none */
	unsigned begins;
	unsigned warnings;
	char	last_warning[256];
};

/* Where the real worker is, for what is nothing without it. */
const char *engine_helper_dir(void);
/* A backup of a jail "web" of the release "one". */
extern char engine_backup[64];

/* cmocka's setup and teardown: an activated source with the release "one". */
int	engine_setup(void **state);
int	engine_teardown(void **state);

/* Closes and opens the host again, as the next command would. */
void	engine_reopen(struct engine *e);

/* Every name, type, owner and size beneath the source, and the fake host. */
void	engine_describe(struct engine *e, struct ioc_buf *out);

/* A new jail, stopped. */
void	engine_create(struct engine *e, const char *name);

/* All of it made anew, with a stopped jail "web". */
struct engine *engine_renew(void **state);

/*
 * An operation on a source with the release "one" and the stopped jail "web";
 * what it needs besides, "new", "two" and "other", is not there yet.
 */
struct engine_op {
	const char	*name;
	int		(*run)(struct engine *e, struct ioc_error *err);
	unsigned	 least;		/* steps it has at least */
	unsigned	 cancels;	/* those that can be canceled; 0: all */
	/* It has a point from which on recovery finishes what is left. */
	bool		 ends;
	/* What must be there beside the jail "web"; or NULL. */
	void		(*prepare)(struct engine *e);
};

/* A source made anew, with a stopped jail "web" and what the operation needs. */
struct engine *engine_prepare(void **state, const struct engine_op *op);

/* Gives "web" the snapshots "a" and "b"; lists them. */
void	engine_snapshots(struct engine *e);
int	engine_list_snapshots(struct engine *e, struct ioc_error *err);

extern const struct engine_op engine_ops[];	/* one without a name ends it */
const struct engine_op *engine_op(const char *name);

#define	ENGINE_MAIN(...)						\
	int								\
	main(void)							\
	{								\
		const struct CMUnitTest tests[] = { __VA_ARGS__ };	\
									\
		if (geteuid() != 0) {					\
			puts("skipped: needs root");			\
			return (77);					\
		}							\
		return (cmocka_run_group_tests(tests, NULL, NULL));	\
	}
#define	ENGINE_TEST(f)							\
	cmocka_unit_test_setup_teardown(f, engine_setup, engine_teardown)

#endif /* TESTS_ENGINE_H */
