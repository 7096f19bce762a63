/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every other header of libioc needs: visibility, version, error codes
 * and the error type.
 *
 * Conventions of the whole library
 *
 *  - A function that can fail returns 0, or one of the negative IOC_* codes
 *    below, and takes a `struct ioc_error *` as its last parameter.  The
 *    pointer may be NULL; the error is written on failure only.
 *  - A function that creates something gives it through a `ret` parameter,
 *    which is written on success only.  What it gives belongs to the caller;
 *    the header names the function that ends it.  All enders accept NULL.
 *  - What is returned as `const` belongs to the object it came from and lives
 *    as long as that object.
 *  - libioc never prints, never exits, never asks, installs no signal handler
 *    and has no global state.  A process may open several hosts; one host and
 *    the objects that came from it must be used by one thread at a time.
 */
#ifndef IOC_BASE_H
#define IOC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define	IOC_API			__attribute__((visibility("default")))
#define	IOC_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define	IOC_MUST_CHECK		__attribute__((warn_unused_result))
#else
#define	IOC_API
#define	IOC_PRINTF(f, a)
#define	IOC_MUST_CHECK
#endif

/*
 * The codes that a caller may want to branch on.  The text of an error is for
 * people; its code is for programs.
 */
enum ioc_code {
	IOC_OK = 0,
	IOC_INVALID = -1,	/* a value, name or option is not acceptable */
	IOC_NOT_FOUND = -2,	/* no such jail, release, property, file */
	IOC_EXISTS = -3,	/* the name is taken */
	IOC_BUSY = -4,		/* somebody else is working on it */
	IOC_STATE = -5,		/* not possible in the present state */
	IOC_PERMISSION = -6,	/* the caller lacks a right */
	IOC_UNSAFE = -7,	/* hostile input was refused */
	IOC_VERIFY = -8,	/* a hash or signature does not match */
	IOC_NETWORK = -9,	/* a transfer failed */
	IOC_FORMAT = -10,	/* a file is not what it should be */
	IOC_LIMIT = -11,	/* a limit on size, time or number was hit */
	IOC_UNSUPPORTED = -12,	/* this system cannot do that */
	IOC_TIMEOUT = -13,	/* it did not finish in time */
	IOC_CANCELED = -14,	/* the event callback asked to stop */
	IOC_CHILD = -15,	/* a program that was run has failed */
	IOC_NOMEM = -16,	/* out of memory */
	IOC_FAILED = -17,	/* anything else; `sys` may say more */
};

/*
 * One error: `code` is an enum ioc_code, `sys` the errno behind it or 0, and
 * `msg` one sentence of the form "noun verb: cause", without a newline.  Bytes
 * of foreign origin have been escaped when they entered it.
 */
struct ioc_error {
	int	code;
	int	sys;
	char	msg[1024];
};

/* The stable upper-case name of a code ("NOT_FOUND"); "FAILED" if unknown. */
IOC_API const char *ioc_code_name(int code);

/* The version of the library that is running, as "MAJOR.MINOR.PATCH". */
IOC_API const char *ioc_version(void);

/*
 * Foreign bytes as text that a terminal, a log or a table shows harmlessly:
 * control characters, bytes that are not valid UTF-8, bidi controls and
 * backslashes become \n, \t, \\ or \xHH.  The caller frees; NULL when out of
 * memory.
 */
IOC_API char *ioc_escape(const char *s, size_t len) IOC_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* IOC_BASE_H */
