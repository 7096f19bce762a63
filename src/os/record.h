/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the run directory: a small text file for each jail that was
 * started, with what its system must know of it.  Which fields a record has is
 * a table of each system; every record is a struct that begins with
 * `char name[IOC_RECORD_NAME + 1]`.
 */
#ifndef OS_RECORD_H
#define OS_RECORD_H

#include "os/os.h"

#define	IOC_RECORD_NAME	127

enum ioc_record_type {
	IOC_RECORD_TEXT,	/* the rest of the line */
	IOC_RECORD_BOOL,
	IOC_RECORD_U32,
	IOC_RECORD_U64,
	IOC_RECORD_I32,		/* not negative */
	IOC_RECORD_I64,		/* not negative */
};

struct ioc_record_field {
	const char	*key;
	enum ioc_record_type type;
	size_t		 at;		/* offset in the struct */
	size_t		 size;		/* of a TEXT */
};

struct ioc_record_kind {
	const struct ioc_record_field *fields;
	size_t		 nfields;
	size_t		 size;		/* of the struct */
	const void	*damaged;	/* instead of one that a crash has cut;
					   NULL: nothing but its name */
};

#define	IOC_RECORD_FIELD(s, member, type)				\
	{ #member, (type), offsetof(s, member),				\
	    sizeof(((s *)NULL)->member) }

/* A new record.  EXISTS when there is one. */
int	ioc_record_claim(int run_fd, const struct ioc_record_kind *k,
	    const void *r, struct ioc_error *err);
/* Replaces it at once. */
int	ioc_record_write(int run_fd, const struct ioc_record_kind *k,
	    const void *r, struct ioc_error *err);
/*
 * NOT_FOUND when there is none; PERMISSION when run_fd is -1.  One that is
 * damaged is what its kind says.
 */
int	ioc_record_read(int run_fd, const struct ioc_record_kind *k,
	    const char *name, void *r, struct ioc_error *err);
/* Nothing there is success. */
int	ioc_record_remove(int run_fd, const char *name, struct ioc_error *err);
/* Calls fn for each record; ends when it returns not 0, and returns that. */
int	ioc_record_each(int run_fd, const struct ioc_record_kind *k,
	    int (*fn)(const void *r, void *arg), void *arg,
	    struct ioc_error *err);

/* ioc_os_jail_info() and ioc_os_jail_list(): fill judges one record. */
typedef void ioc_record_fill(const struct ioc_os *os, const void *r,
	    struct ioc_os_jail_info *info);
int	ioc_record_info(const struct ioc_os *os, int run_fd,
	    const struct ioc_record_kind *k, ioc_record_fill *fill,
	    const char *name, struct ioc_os_jail_info *info,
	    struct ioc_error *err);
int	ioc_record_list(const struct ioc_os *os, int run_fd,
	    const struct ioc_record_kind *k, ioc_record_fill *fill,
	    struct ioc_os_jail_info **ret, size_t *n, struct ioc_error *err);

#endif /* OS_RECORD_H */
