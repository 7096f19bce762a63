/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict reader and a writer over jansson: one document, duplicate keys
 * refused, with limits on size and depth.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

#define	IOC_JSON_MAX	(1024 * 1024)	/* bytes of a document */
#define	IOC_JSON_DEPTH	16

/* FORMAT names line and column; LIMIT when too large or too deep. */
int	ioc_json_parse(const char *text, size_t len, json_t **ret,
	    struct ioc_error *err);

/* Sorted keys, indented by 4, a newline at the end. */
int	ioc_json_print(const json_t *j, struct ioc_buf *out,
	    struct ioc_error *err);

static inline void
ioc_json_unrefp(json_t **j)
{
	json_decref(*j);
}

#define	auto_json	IOC_AUTO(ioc_json_unrefp)

#endif /* BASE_JSON_H */
