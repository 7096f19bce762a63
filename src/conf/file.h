/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.json and defaults.json: a flat view of property = text over a JSON
 * object whose unknown keys are kept.
 *
 * Nested objects and dotted keys are the same on reading ("user": {"a": "b"} is
 * "user.a"); writing keeps the form that was found.  Values of other JSON types
 * are read as text: true is "yes", null is "-", numbers as decimal, arrays of
 * scalars as lists, any other array as its JSON.  A key that comes out twice
 * ("user": {"a": 1} beside "user.a") is as wrong as a duplicate key.
 */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

struct ioc_conf;

#define	IOC_CONF_KEYS	4096	/* keys of a file */
#define	IOC_CONF_KEY	255	/* bytes of a key in dotted form */

/* An empty one. */
int	ioc_conf_new(struct ioc_conf **ret, struct ioc_error *err);
/*
 * Reads `name` in the directory; NOT_FOUND when it is not there.  FORMAT names
 * file, line and reason; LIMIT.  The file is untouched whatever is in it.
 */
int	ioc_conf_load(int dirfd, const char *name, struct ioc_conf **ret,
	    struct ioc_error *err);
int	ioc_conf_parse(const char *text, size_t len, struct ioc_conf **ret,
	    struct ioc_error *err);
/* The text of such a file. */
int	ioc_conf_print(const struct ioc_conf *c, struct ioc_buf *b,
	    struct ioc_error *err);
/* Atomic replacement, mode 0600; flags as ioc_file_replace(). */
int	ioc_conf_save(const struct ioc_conf *c, int dirfd, const char *name,
	    int flags, struct ioc_error *err);
int	ioc_conf_copy(const struct ioc_conf *c, struct ioc_conf **ret,
	    struct ioc_error *err);
void	ioc_conf_free(struct ioc_conf *c);
IOC_DEFINE_AUTO(struct ioc_conf, ioc_conf_free);

/* The text of a key, NULL when it is not set; valid until the next change. */
const char *ioc_conf_get(const struct ioc_conf *c, const char *key);
/*
 * Sets without judging (the caller has called ioc_prop_check); NULL removes.
 * INVALID when it is not UTF-8 or the key too long; nothing changes then.
 */
int	ioc_conf_set(struct ioc_conf *c, const char *key, const char *value,
	    struct ioc_error *err);
/* Adds the keys with a prefix, in dotted form, that are not in `ret` yet. */
int	ioc_conf_names(const struct ioc_conf *c, const char *prefix,
	    struct ioc_strv *ret, struct ioc_error *err);
/* All keys in dotted form, known and unknown, sorted. */
int	ioc_conf_keys(const struct ioc_conf *c, struct ioc_strv *ret,
	    struct ioc_error *err);

#endif /* CONF_FILE_H */
