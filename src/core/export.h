/* SPDX-License-Identifier: BSD-2-Clause */
/* What an export leaves behind when it dies. */
#ifndef CORE_EXPORT_H
#define CORE_EXPORT_H

#include "core/host.h"

/*
 * Removes the snapshot that an export of the jail has made for itself, which bears
 * the name of its token; none is success.
 */
int	ioc_export_forget(struct ioc_source *s, const char *jail,
	    const char *token, struct ioc_error *err);

#endif /* CORE_EXPORT_H */
