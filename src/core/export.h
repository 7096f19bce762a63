/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail on its way to a file, and what that leaves behind when it dies. */
#ifndef CORE_EXPORT_H
#define CORE_EXPORT_H

#include "core/backup.h"
#include "core/create.h"
#include "core/host.h"
#include "core/layers.h"
#include "ioc/backup.h"
#include "safe/backup.h"
#include "safe/file.h"

struct ioc_export {
	struct ioc_build build;		/* its journal, and what is staged */
	struct ioc_jail	*jail;
	const struct ioc_export_options *o;
	const char	*snapshot;	/* that is read; NULL: the jail itself */
	bool		 made;		/* it is ours, and goes again */
	uint32_t	 id_base;
	struct ioc_backup_index index;
	struct ioc_buf	 text[IOC_BACKUP_TEXTS];
	struct ioc_root_layers root;
	int		 base_fd;	/* the record of the base, or -1 */
	int		 record_fd;
	int		 stream_fd;	/* or -1 */
	char		*what;		/* of the journal: "JAIL DIRECTORY" */
	int		 dir_fd;	/* where the file is to be, or -1 */
	char		*name;		/* how it is to be called there */
	char		 temp[IOC_FILE_TEMP];
	int		 out_fd;	/* of the archive; owned unless o->fd */
};

/*
 * Before anything is done: what is asked for is judged, the directory of the file
 * opened, the jail locked, its texts read and the index filled.
 */
int	ioc_export_begin(struct ioc_export *x, struct ioc_lock **lock,
	    struct ioc_error *err);

/*
 * For recovery: what an export has made for itself, a snapshot of the jail and a
 * file in the directory that it was to lie in, both named by its token, and
 * nothing else there.  None is success.
 */
int	ioc_export_forget(struct ioc_source *s, const char *what,
	    const char *token, struct ioc_error *err);

#endif /* CORE_EXPORT_H */
