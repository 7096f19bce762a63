/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the texts in a backup, which the worker has as well. */
#include "safe/backup.h"

const char *const ioc_backup_texts[IOC_BACKUP_TEXTS] = {
	[IOC_TEXT_INDEX] = IOC_BACKUP_INDEX,
	[IOC_TEXT_CONFIG] = IOC_BACKUP_CONFIG,
	[IOC_TEXT_FSTAB] = IOC_BACKUP_FSTAB,
};
