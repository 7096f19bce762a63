/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a long operation must leave behind if it dies: entries in a directory,
 * each held by a lock for as long as its writer lives.
 */
#ifndef SAFE_JOURNAL_H
#define SAFE_JOURNAL_H

#include "base/error.h"

struct ioc_journal;

/*
 * Writes and syncs an entry before the first effect: `op` ("create"), `what`
 * ("web") and `staging`, the name under which the operation builds (one
 * component, also the name of the entry).  EXISTS when that entry is there.
 * IOC_JOURNAL_NOSYNC: for what need not survive a power loss.
 */
enum { IOC_JOURNAL_NOSYNC = 1 << 0 };
int	ioc_journal_begin(int dirfd, const char *op, const char *what,
	    const char *staging, int flags, struct ioc_journal **ret,
	    struct ioc_error *err);

/* The operation is complete or undone: the entry is removed.  Accepts NULL. */
void	ioc_journal_end(struct ioc_journal *j);

/* Frees it but leaves the entry, for recovery.  Accepts NULL. */
void	ioc_journal_abandon(struct ioc_journal *j);

/*
 * Calls `fn` for every entry whose writer is dead; the entry is removed when it
 * returns 0, and stays without a failure when it returns IOC_JOURNAL_LATER, as
 * somebody else is at work on what it is about.  Entries of the living are
 * skipped; children of a dead writer are waited for, as long as they cannot but
 * end soon.  The first failure is returned, after all entries have been tried.
 */
#define	IOC_JOURNAL_LATER	1
typedef int ioc_journal_fn(const char *op, const char *what,
	    const char *staging, void *arg, struct ioc_error *err);
int	ioc_journal_recover(int dirfd, ioc_journal_fn *fn, void *arg,
	    struct ioc_error *err);

/*
 * Calls `fn` for every entry, of the living as well, and changes nothing.  What is
 * not 0 ends it and is returned.
 */
int	ioc_journal_look(int dirfd, ioc_journal_fn *fn, void *arg,
	    struct ioc_error *err);

#endif /* SAFE_JOURNAL_H */
