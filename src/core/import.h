/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup on its way to become a jail. */
#ifndef CORE_IMPORT_H
#define CORE_IMPORT_H

#include "core/backup.h"
#include "core/create.h"
#include "core/layers.h"
#include "ioc/backup.h"
#include "safe/backup.h"

struct ioc_import {
	struct ioc_build build;
	const struct ioc_import_options *o;
	int		 in_fd;		/* the archive */
	bool		 old;		/* of libioc: what differs from a release */
	struct ioc_backup_head head;
	struct ioc_backup_index index;
	struct ioc_strv	 dropped;	/* what is left out, and why */
	struct ioc_lock	*base_lock;
	struct ioc_root_layers base;	/* what an incremental or old one is put upon */
};

/*
 * Opens the archive that is to be read: the file itself, a copy without a name of
 * what comes through a pipe, or an archive that is made of a directory.  Reads its
 * head.
 */
int	ioc_import_open(struct ioc_import *i, struct ioc_error *err);

/* "STAGING/what", to be freed. */
int	ioc_import_staged(const struct ioc_import *i, const char *what,
	    char **ret, struct ioc_error *err);
/* The root of a volume. */
int	ioc_import_root(const struct ioc_import *i, const char *vol,
	    struct ioc_error *err);
/* Unpacks an archive as a whole into a volume that is there; its record too. */
int	ioc_import_unpack(struct ioc_import *i, int fd,
	    const struct ioc_backup_head *head, const char *vol,
	    struct ioc_error *err);
int	ioc_import_progress(uint64_t done, uint64_t total, void *arg);

/* Before anything is written: what it is put upon is found, locked and opened. */
int	ioc_import_find_base(struct ioc_import *i, struct ioc_error *err);
/* An incremental one or one of libioc: put upon that, in the volume `vol`. */
int	ioc_import_merge(struct ioc_import *i, const char *vol,
	    struct ioc_error *err);

#endif /* CORE_IMPORT_H */
