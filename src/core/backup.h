/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backup says of itself, and what of its configuration counts. */
#ifndef CORE_BACKUP_H
#define CORE_BACKUP_H

#include "base/buf.h"
#include "core/host.h"
#include "ioc/config.h"
#include "safe/hash.h"

enum ioc_backup_kind {
	IOC_KIND_FULL,
	IOC_KIND_INCREMENTAL,
	IOC_KIND_STREAM,
};

/*
 * ioc-backup.json: a JSON object with these keys, "schema" and "uid_base" first,
 * which are 1 and 0.
 */
struct ioc_backup_index {
	enum ioc_backup_kind kind;
	char		 name[64];		/* of the jail */
	char		 system[32];		/* that it was written on */
	char		 arch[32];
	char		 created[32];		/* "2026-11-30T08:00:00Z" */
	char		 distribution[64];	/* "" where there is none, */
	char		 release[128];		/* likewise */
	unsigned	 patch_level;
	char		 snapshot[64];		/* that it shows; "": none */
	char		 base[IOC_SHA256_HEX];	/* INCREMENTAL: of its record */
};

/*
 * FORMAT for keys that are missing, unknown or there twice, for values of a wrong
 * type or out of range; LIMIT; UNSUPPORTED for another schema.
 */
int	ioc_backup_index_parse(const char *text, size_t len,
	    struct ioc_backup_index *ret, struct ioc_error *err);
int	ioc_backup_index_print(const struct ioc_backup_index *i,
	    struct ioc_buf *out, struct ioc_error *err);

/* Something of a backup that is not taken: "exec_prestart", and why. */
typedef void ioc_backup_dropped(const char *what, const char *why, void *arg);

/*
 * What a tenant may say of a configuration, for ioc_build_conf(); names and
 * values belong to `conf`, the vector to the caller.  What ioc sets by itself is
 * passed over in silence, everything else is told.
 */
int	ioc_backup_reduce(const struct ioc_conf *conf,
	    struct ioc_change **ret, size_t *n, struct ioc_strv *names,
	    ioc_backup_dropped *dropped, void *arg, struct ioc_error *err);
/* Every line of a fstab is told. */
int	ioc_backup_mounts(const char *text, ioc_backup_dropped *dropped,
	    void *arg, struct ioc_error *err);

/* An empty file without a name on the file system of a source. */
int	ioc_source_scratch(struct ioc_source *s, struct ioc_error *err);

#endif /* CORE_BACKUP_H */
