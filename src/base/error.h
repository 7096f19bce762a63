/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling errors where they are detected and wrapping them where a name is known. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#include "ioc/base.h"

/* All of these accept err == NULL, write *err, and return the negative code. */

/* A failure with a code and a whole sentence. */
int	ioc_fail(struct ioc_error *err, int code, const char *fmt, ...)
	    IOC_PRINTF(3, 4);

/* A failed system call: the code follows from errno, ": strerror" is added. */
int	ioc_fail_errno(struct ioc_error *err, const char *fmt, ...)
	    IOC_PRINTF(2, 3);

/* The same for an error number that is not in errno. */
int	ioc_fail_sys(struct ioc_error *err, int sys, const char *fmt, ...)
	    IOC_PRINTF(3, 4);

/* Out of memory; never allocates. */
int	ioc_fail_nomem(struct ioc_error *err);

/*
 * Puts "prefix: " before the message of a failure `code` that is already in
 * *err, and returns code.  Does nothing when code is 0.  When space runs out
 * the front is cut, because the cause stands at the end.
 */
int	ioc_wrap(struct ioc_error *err, int code, const char *fmt, ...)
	    IOC_PRINTF(3, 4);

/* The code that an errno stands for. */
int	ioc_code_of_errno(int sys);

/*
 * True when memory or descriptors ran out: that says nothing about the thing
 * itself, which may be there, whole and in use.
 */
bool	ioc_error_is_shortage(const struct ioc_error *err);

/* Copies *from to *to when both are there. */
void	ioc_error_copy(struct ioc_error *to, const struct ioc_error *from);

#endif /* BASE_ERROR_H */
