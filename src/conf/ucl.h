/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files "config" and "defaults" of iocell and of older versions of iocage and
 * libioc, in UCL as libucl writes it:
 *
 *	file: item ...			item: key value [;,]
 *	key: word or "string"		with "=" or ":" behind it, or neither
 *	value: "string" | 'string' | word ... | [ value , ... ] | { item ... }
 *
 * with comments after "#" and within slash and star.  The words of a value go up to
 * the end of the line, ";", "," or a bracket.  Macros (".include") and here
 * documents are refused: nothing but this text is ever read.
 */
#ifndef CONF_UCL_H
#define CONF_UCL_H

#include "conf/file.h"

/* FORMAT with the line, LIMIT; what it says is kept as text, lists as lists. */
int	ioc_ucl_parse(const char *text, size_t len, struct ioc_conf **ret,
	    struct ioc_error *err);
/* Reads `name` in a directory of ours; NOT_FOUND. */
int	ioc_ucl_load(int dirfd, const char *name, struct ioc_conf **ret,
	    struct ioc_error *err);

#endif /* CONF_UCL_H */
