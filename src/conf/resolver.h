/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The property "resolver": what a jail's /etc/resolv.conf says.  Either the path
 * of a file of the host, or lines between ";" (or ","):
 *
 *	nameserver 192.0.2.1; search example.org example.net; options rotate
 *
 * An address alone is a name server.  "-" and, as of old, "/dev/null" leave the
 * file of the jail as it is.
 */
#ifndef CONF_RESOLVER_H
#define CONF_RESOLVER_H

#include "base/buf.h"
#include "base/error.h"

/* Judges a value; INVALID. */
int	ioc_resolver_check(const char *value, struct ioc_error *err);

/*
 * Appends the lines that a value stands for.  *path is set instead when it names
 * a file of the host; it belongs to the value.  Neither: nothing is to be done.
 */
int	ioc_resolver_text(const char *value, struct ioc_buf *text,
	    const char **path, struct ioc_error *err);

#endif /* CONF_RESOLVER_H */
