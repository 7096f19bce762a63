/* SPDX-License-Identifier: BSD-2-Clause */
/* A host in memory: the third system behind os/os.h, with faults on demand. */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "base/buf.h"
#include "os/os.h"

/* What there is on the fake host; survives ioc_os_close, as a kernel does. */
#define	FAKE_LIVE	8
struct fake_jail {
	char	name[128];
	char	owner[16];
	bool	prepared, limited, mounted, created;
	bool	ephemeral;
	size_t	nlimits, nmounts;
	char	live[FAKE_LIVE][64];	/* targets mounted while it runs */
	int64_t	id;
};

struct fake_host {
	struct fake_jail jails[32];
	unsigned calls;		/* changing calls so far */
	unsigned fail_at;	/* the n-th of them fails; 0: none */
	unsigned undo_fail_at;	/* the same for undoing calls */
	unsigned undos;
	int	 exec_status;	/* exit status of every program */
	unsigned execs;
	bool	 no_idmap;
	bool	 no_limits;
	bool	 no_share;
	bool	 emulates;	/* programs of every machine */
	int	 waited_ms;	/* the last time limits that were given */
	int	 removed_ms;
};

extern struct fake_host fake;

/* Empties the host. */
void	fake_reset(void);

/* Everything on it as text, for comparing before and after. */
void	fake_describe(struct ioc_buf *out);

/* The distribution "testos" of tests/fake/dist.c. */
struct fake_dist {
	unsigned updates;	/* to be found by the next update */
	unsigned takes_ms;	/* to find them */
	bool	 fetch_fails;
	bool	 record_fails;
	unsigned manifest;	/* number of the one that is pinned */
	bool	 foreign;	/* its releases run elsewhere only */
};
extern struct fake_dist fake_dist;

#endif /* TESTS_FAKE_H */
