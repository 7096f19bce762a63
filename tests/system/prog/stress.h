/* SPDX-License-Identifier: BSD-2-Clause */
/* What stress.c does to jails, and stress_judge.c thinks of the answers. */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include <stdbool.h>

#define	ARGS		12
#define	SAID_MAX	8192

struct op {
	const char	*name;
	unsigned	 weight;
	bool		 program;	/* has the status of what it runs */
	bool		 several;	/* sentences, one a jail */
	const char	*tells;		/* what it says when it is done */
	const char	*argv[ARGS];
};

struct command {
	const struct op	*op;
	char		 text[ARGS][256];
	char		*argv[ARGS + 6];
	bool		 json, kill;
	unsigned	 kill_us;
	int		 status;
	char		 said[SAID_MAX];
};

/* NULL, or what is wrong with it. */
const char	*wrong(const struct command *c);

#endif /* TESTS_STRESS_H */
