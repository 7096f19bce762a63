/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the contract of stores share. */
#ifndef TESTS_STORE_CONTRACT_H
#define TESTS_STORE_CONTRACT_H

#include "tests/unit/unit.h"

#include "store/store.h"

extern const struct ioc_store_ops *ops;	/* of the store that is tested */
extern char top[64], where[192];	/* directory, source */
extern const char *const base_dirs[];	/* what thin volumes share, on FreeBSD */

void	ok(int r, const struct ioc_error *err);
/* A zfs command on a dataset of the source, "" for itself. */
int	zfs(const char *command, const char *what);
void	put(struct ioc_store *s, const char *path, const char *text);
/* A file in the root of a volume, however that is put together. */
void	put_root(struct ioc_store *s, const char *vol, const char *name,
	    const char *text);
void	get_root(struct ioc_store *s, const char *vol, const char *name,
	    bool changed, const char *want);
/* The release bookworm, and a thin clone of it. */
void	make_release(struct ioc_store *s);
void	thin(struct ioc_store *s, const char *to);
void	names_are(struct ioc_store *s, const char *parent, const char *want);

/* The names of the snapshots of a volume, each with a space behind it. */
void	snapshots_are(struct ioc_store *s, const char *vol, const char *want);

/* store_contract_snap.c: snapshots, and clones of what changes. */
void	test_snapshots(void **state);
void	test_snapshots__files(void **state);
void	test_snapshots__half_way(void **state);
void	test_clone_of_a_jail(void **state);
void	test_clone_of_a_snapshot(void **state);
void	test_view_of_a_snapshot(void **state);
void	test_owners_of_a_clone(void **state);
void	test_encrypted(void **state);

/* store_contract_zfs.c: only where volumes are datasets. */
void	test_streams(void **state);
void	test_streams__refused(void **state);
void	test_unmounted(void **state);
void	test_mounted_elsewhere(void **state);
void	test_legacy(void **state);
void	test_clone_here(void **state);
void	test_astray(void **state);

/* Skips what the other store alone can do, or only it cannot. */
#define	NOT_HERE()	do {						\
		print_message("the other kind of store only\n");	\
		skip();							\
	} while (0)

#endif /* TESTS_STORE_CONTRACT_H */
