/* SPDX-License-Identifier: BSD-2-Clause */
/* The naive twin: a tar reader as they were written for decades. */
#ifndef TESTS_TWIN_H
#define TESTS_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct twin {
	bool	 backslash;	/* takes "\" for "/", as some do */
	bool	 resolve;	/* resolves the parent by its name before */
	bool	 ustar_only;	/* does not know pax */
	bool	 join;		/* clears what is at "target/NAME", as it sees it */
	bool	 cut;		/* has 255 bytes for a name */
	bool	 looped;	/* out: a size led it backwards */
	bool	 overflowed;	/* out: numbers wrapped */
	size_t	 made;		/* out: members */
	size_t	 largest;	/* out: header that it kept in memory */
};

/* Unpacks into the working directory by path, following whatever is there. */
void	twin_extract(struct twin *t, const char *tar, size_t len);

/* The same by libarchive, with every right and no guard. */
int	twin_libarchive(const void *tar, size_t len);

/* twin_greedy.c: what is read of an archive by one who counts nothing. */
struct twin_appetite {
	uint64_t	 members;	/* where it stops; out: what it read */
	uint64_t	 bytes;
};

/* True when it has read as much as it is asked to, or all of it. */
bool	twin_reads(int fd, struct twin_appetite *a);
/* What is asked for to decode the first block, as it says itself. */
uint64_t twin_xz_memory(const void *xz, size_t len);
uint64_t twin_zstd_memory(const void *zstd, size_t len);

#endif /* TESTS_TWIN_H */
