/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three-way merge of foreign texts by the worker, which is told to read them
 * and answers with a list of ranges: what comes of it are bytes of the three
 * files in some order, and the marks of conflicts, whatever the worker says.
 */
#ifndef SAFE_MERGE_H
#define SAFE_MERGE_H

#include "base/buf.h"
#include "base/error.h"

#define	IOC_MERGE_BYTES	(1024 * 1024)	/* of one file */
#define	IOC_MERGE_RUNS	3000

/* Parts of an answer. */
#define	IOC_MERGE_BASE		'b'
#define	IOC_MERGE_OURS		'o'
#define	IOC_MERGE_THEIRS	't'
#define	IOC_MERGE_BEGIN		'<'	/* of a conflict: ours follows */
#define	IOC_MERGE_OLD		'|'	/* the base */
#define	IOC_MERGE_MIDDLE	'='	/* theirs */
#define	IOC_MERGE_END		'>'

struct ioc_merge {
	const char	*helper_dir;
	int		 base;		/* -1: there was none */
	int		 ours;
	int		 theirs;
	bool		 entries;	/* lines with a key, as passwd(5) */
};

/*
 * Appends what comes of it; *conflicts is how many there are, each between lines
 * that ioc_merge_is_mark knows.  *why is NULL, or says why lines cannot be
 * merged: "binary", "too long", "too different"; then `out` is untouched.
 */
int	ioc_merge_files(const struct ioc_merge *m, struct ioc_buf *out,
	    unsigned *conflicts, const char **why, struct ioc_error *err);

/* Does a text have a line that is the mark of a conflict? */
bool	ioc_merge_has_marks(const char *text, size_t len);

#endif /* SAFE_MERGE_H */
