/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of hashes as text. */
#ifndef WORKER_MANIFEST_H
#define WORKER_MANIFEST_H

#include "base/strv.h"
#include "safe/manifest.h"

/*
 * Reads a whole list and adds "HASH FILE" to `out` for each of its files, in
 * their order; what is refused is said in safe/manifest.h.  In time linear in
 * the length, but for the look for a file that is there twice, which is bounded
 * by IOC_MANIFEST_SETS a line.
 */
int	ioc_manifest_parse(enum ioc_manifest_kind kind, const char *text,
	    size_t len, struct ioc_strv *out, struct ioc_error *err);

#endif /* WORKER_MANIFEST_H */
