/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int		 code;
	const char	*name;
} code_names[] = {
	{ IOC_OK, "OK" },
	{ IOC_INVALID, "INVALID" },
	{ IOC_NOT_FOUND, "NOT_FOUND" },
	{ IOC_EXISTS, "EXISTS" },
	{ IOC_BUSY, "BUSY" },
	{ IOC_STATE, "STATE" },
	{ IOC_PERMISSION, "PERMISSION" },
	{ IOC_UNSAFE, "UNSAFE" },
	{ IOC_VERIFY, "VERIFY" },
	{ IOC_NETWORK, "NETWORK" },
	{ IOC_FORMAT, "FORMAT" },
	{ IOC_LIMIT, "LIMIT" },
	{ IOC_UNSUPPORTED, "UNSUPPORTED" },
	{ IOC_TIMEOUT, "TIMEOUT" },
	{ IOC_CANCELED, "CANCELED" },
	{ IOC_CHILD, "CHILD" },
	{ IOC_NOMEM, "NOMEM" },
	{ IOC_FAILED, "FAILED" },
};

static const struct {
	int	sys;
	int	code;
} errno_codes[] = {
	{ EINVAL, IOC_INVALID },
	{ ENAMETOOLONG, IOC_INVALID },
	{ ENOENT, IOC_NOT_FOUND },
	{ ESRCH, IOC_NOT_FOUND },
	{ EEXIST, IOC_EXISTS },
	{ ENOTEMPTY, IOC_EXISTS },
	{ EBUSY, IOC_BUSY },
	{ EAGAIN, IOC_BUSY },
	{ EPERM, IOC_PERMISSION },
	{ EACCES, IOC_PERMISSION },
	{ EROFS, IOC_PERMISSION },
	{ ELOOP, IOC_UNSAFE },
	{ EXDEV, IOC_UNSAFE },
	{ EMLINK, IOC_LIMIT },
	{ ENOSPC, IOC_LIMIT },
	{ EDQUOT, IOC_LIMIT },
	{ EFBIG, IOC_LIMIT },
	{ EMFILE, IOC_LIMIT },
	{ ENFILE, IOC_LIMIT },
	{ E2BIG, IOC_LIMIT },
	{ ENOSYS, IOC_UNSUPPORTED },
	{ EOPNOTSUPP, IOC_UNSUPPORTED },
	{ ETIMEDOUT, IOC_TIMEOUT },
	{ ENOMEM, IOC_NOMEM },
};

const char *
ioc_code_name(int code)
{
	for (size_t i = 0; i < sizeof(code_names) / sizeof(*code_names); i++)
		if (code_names[i].code == code)
			return (code_names[i].name);
	return ("FAILED");
}

int
ioc_code_of_errno(int sys)
{
	for (size_t i = 0; i < sizeof(errno_codes) / sizeof(*errno_codes); i++)
		if (errno_codes[i].sys == sys)
			return (errno_codes[i].code);
	return (IOC_FAILED);
}

static void
fill(struct ioc_error *err, int code, int sys, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

static void
fill(struct ioc_error *err, int code, int sys, const char *fmt, va_list ap)
{
	size_t len;

	if (err == NULL)
		return;
	err->code = code;
	err->sys = sys;
	if (vsnprintf(err->msg, sizeof(err->msg), fmt, ap) < 0)
		err->msg[0] = '\0';
	if (sys == 0)
		return;
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, "%s%s",
	    len > 0 ? ": " : "", strerror(sys));
}

int
ioc_fail(struct ioc_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, fmt, ap);
	va_end(ap);
	return (code);
}

int
ioc_fail_errno(struct ioc_error *err, const char *fmt, ...)
{
	int sys = errno != 0 ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	fill(err, ioc_code_of_errno(sys), sys, fmt, ap);
	va_end(ap);
	errno = sys;
	return (ioc_code_of_errno(sys));
}

int
ioc_fail_sys(struct ioc_error *err, int sys, const char *fmt, ...)
{
	va_list ap;

	if (sys == 0)
		sys = EIO;
	va_start(ap, fmt);
	fill(err, ioc_code_of_errno(sys), sys, fmt, ap);
	va_end(ap);
	return (ioc_code_of_errno(sys));
}

int
ioc_fail_nomem(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_NOMEM, "out of memory"));
}

int
ioc_wrap(struct ioc_error *err, int code, const char *fmt, ...)
{
	char prefix[sizeof(err->msg)];
	size_t plen, mlen, cut;
	va_list ap;

	if (code == 0 || err == NULL)
		return (code);
	va_start(ap, fmt);
	if (vsnprintf(prefix, sizeof(prefix) - 2, fmt, ap) < 0)
		prefix[0] = '\0';
	va_end(ap);
	plen = strlen(prefix);
	memcpy(prefix + plen, ": ", 3);
	plen += 2;
	mlen = strlen(err->msg);
	/* The cause wins: keep the whole message, then what fits of the prefix. */
	cut = plen + mlen + 1 > sizeof(err->msg) ?
	    plen + mlen + 1 - sizeof(err->msg) : 0;
	memmove(err->msg + plen - cut, err->msg, mlen + 1);
	memcpy(err->msg, prefix + cut, plen - cut);
	return (code);
}

bool
ioc_error_is_shortage(const struct ioc_error *err)
{
	return (err->code == IOC_NOMEM || err->sys == EMFILE ||
	    err->sys == ENFILE);
}

void
ioc_error_copy(struct ioc_error *to, const struct ioc_error *from)
{
	if (to != NULL && from != NULL)
		*to = *from;
}
