/* SPDX-License-Identifier: BSD-2-Clause */
/* A throw-away root, run directory and system for the tests of os/linux. */
#ifndef TESTS_ATTACK_LINUX_WORLD_H
#define TESTS_ATTACK_LINUX_WORLD_H

#include <sys/types.h>

#include "os/os.h"

#define	WORLD_COUNT	65536u

struct world {
	char	 dir[64];	/* holds root/ run/ upper/ work/ share/ */
	int	 dirfd, root, run, upper, work, share;
	struct ioc_os *os;
	uint32_t base;	/* uids that nothing else here uses */
	struct ioc_error e;
};

struct start {
	const char	*name;
	bool		 dir;		/* IOC_ROOT_DIR, else an overlay */
	bool		 no_userns;
	bool		 ephemeral;
	bool		 readonly;
	uint32_t	 base;
	const struct ioc_os_limit *limits;
	size_t		 nlimits;
	const struct ioc_os_param *params;
	size_t		 nparams;
	const struct ioc_os_mount *more;
	size_t		 nmore;
};

/* Skips the whole program (exit 77) with a reason where it cannot run. */
void	world_need(void);
void	world_make(struct world *w);
void	world_end(struct world *w);

/* prepare, limit, mount; then also create.  Fail the test, or give the code. */
int	world_mounted(struct world *w, const struct start *s,
	    struct ioc_os_jail **ret);
int	world_start(struct world *w, const struct start *s,
	    struct ioc_os_jail **ret);
/* All the undos, which must all succeed, and frees. */
void	world_stop(struct world *w, struct ioc_os_jail *j);

/*
 * Runs a command in the jail as a user (NULL: root): its exit status, or the
 * negative code; what it wrote is in out.
 */
int	world_run(struct world *w, struct ioc_os_jail *j, const char *user,
	    char *out, size_t size, const char *const *argv);
#define	ARGV(...)	(const char *const []){ __VA_ARGS__, NULL }

/*
 * For a test that has its world in `w`, a jail in `j` and room in `out`: a command
 * as the jail's root, or as one of its users.
 */
#define	RUN(...)	world_run(&w, j, NULL, out, sizeof(out),	\
	    ARGV(__VA_ARGS__))
#define	RUN_AS(user, ...)	world_run(&w, j, user, out, sizeof(out), \
	    ARGV(__VA_ARGS__))

/* Whose the layers of a jail are. */
void	world_layers(struct world *w, uid_t owner);
/* world_start, or the test fails. */
struct ioc_os_jail *world_started(struct world *w, const struct start *s);
/* The same with layers of the jail's own users, or of root and without them. */
struct ioc_os_jail *world_started_as(struct world *w, bool userns);
enum ioc_os_jail_state world_state(struct world *w, const char *name);
void	world_pause(long ms);

/*
 * All of a program but its tests.  WORLD_MAIN makes the world `w` for them,
 * WORLD_MAIN_WITH has functions that do so, and more.
 */
#define	WORLD_MAIN_WITH(setup, teardown, ...)				\
	int								\
	main(void)							\
	{								\
		const struct CMUnitTest tests[] = { __VA_ARGS__ };	\
									\
		world_need();						\
		return (cmocka_run_group_tests(tests, setup, teardown)); \
	}
#define	WORLD_MAIN(...)							\
	static int							\
	setup(void **state)						\
	{								\
		world_make(&w);						\
		return (0);						\
	}								\
									\
	static int							\
	teardown(void **state)						\
	{								\
		world_end(&w);						\
		return (0);						\
	}								\
									\
	WORLD_MAIN_WITH(setup, teardown, __VA_ARGS__)

/* The same program in the naive twin: chroot, and proc, sys, dev mounted. */
int	world_twin(struct world *w, bool tty, const char *const *argv);

/* Control groups of a jail of this world, and mounts of this process. */
int	world_cgroups(const struct world *w, const char *name);
int	world_mounts(void);

#endif /* TESTS_ATTACK_LINUX_WORLD_H */
