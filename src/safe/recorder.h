/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of a tree that is there, written by a sandboxed worker. */
#ifndef SAFE_RECORDER_H
#define SAFE_RECORDER_H

#include "base/error.h"

struct ioc_recorder {
	const char	*helper_dir;
	int		 dir_fd;	/* the tree; nothing may run in it */
	int		 out_fd;	/* gets the record, as mtree(5) */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;		/* done: files; total is not known */
};

/*
 * Writes type, mode, owner, size, time, SHA-256, link target and flags (where
 * the system has them) of everything beneath a directory, in the form that
 * ioc_verify_tree reads.  Sockets are left out.  Nothing is changed or followed.
 * UNSAFE when something is mounted in it or changes meanwhile; LIMIT when it is
 * deeper or larger than a record can be.
 */
int	ioc_record_tree(const struct ioc_recorder *r, struct ioc_error *err);

#endif /* SAFE_RECORDER_H */
