/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of an rc.conf(5) or sysctl.conf(5) file, told apart without a shell. */
#ifndef CONF_RCLINE_H
#define CONF_RCLINE_H

#include "conf/rcconf.h"

enum ioc_rcline_what {
	IOC_RCLINE_NOTHING,	/* empty, or a comment */
	IOC_RCLINE_ASSIGNMENT,	/* key=value and nothing else */
	IOC_RCLINE_OTHER,	/* something else that ends with the line */
	IOC_RCLINE_OPEN,	/* what goes on behind the line, or ends the file
				   for whoever reads it */
};

struct ioc_rcline {
	enum ioc_rcline_what what;
	size_t	 number;		/* 1 is the first */
	size_t	 begin, next;		/* offsets of it and the next line */
	/* of an assignment: */
	size_t	 key, keylen;
	size_t	 value, value_end;	/* quotes too */
	bool	 expands;		/* a shell would put something in */
};

/* The line at l->next, after l->number lines; both 0 in the beginning. */
void	ioc_rcline_read(enum ioc_rcconf kind, const char *text, size_t len,
	    struct ioc_rcline *l);

/* Appends the value of an assignment that does not expand. */
void	ioc_rcline_value(enum ioc_rcconf kind, const char *text,
	    const struct ioc_rcline *l, struct ioc_buf *out);

#endif /* CONF_RCLINE_H */
