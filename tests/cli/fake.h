/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second implementation of the public interface that keeps everything in
 * memory, so that the program can be tested alone and without privilege.  The
 * environment tells it what there is and what fails:
 *
 *	IOC_FAKE_SOURCES	"NAME STORE WHERE;..."
 *	IOC_FAKE_JAILS		"NAME STATE [KEY=VALUE...];..."
 *	IOC_FAKE_COUNT		so many more stopped jails
 *	IOC_FAKE_RELEASES	"NAME LEVEL DISTRIBUTION VERSION;..."
 *	IOC_FAKE_FSTAB		"SOURCE TARGET TYPE OPTIONS [COMMENT];..."
 *	IOC_FAKE_SNAPSHOTS	"NAME SECONDS BYTES;..."
 *	IOC_FAKE_FAIL		"OP[:WHO]=CODE:ERRNO:MESSAGE;..."
 *	IOC_FAKE_LOG		a file to which calls are appended
 *	IOC_FAKE_DELAY		milliseconds that each step takes
 *	IOC_FAKE_UID		what geteuid() says; 0 if not set
 *
 * Programs "in a jail" run for real, on this system.
 */
#ifndef TESTS_CLI_FAKE_H
#define TESTS_CLI_FAKE_H

#include "base/error.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/vec.h"
#include "ioc.h"

struct fake_value {
	char		*key;
	char		*value;
};

struct fake_jail {
	char		*name;
	char		*source;
	enum ioc_jail_state state;
	int64_t		 id;
	IOC_VEC(struct fake_value) values;
};

struct fake_release {
	char		*name;
	unsigned	 level;
	char		*distribution;
	char		*version;
};

struct ioc_host {
	struct ioc_host_options o;
	struct fake_source { char *name, *store, *where; } sources[8];
	size_t		 nsources;
	IOC_VEC(struct fake_jail *) jails;
	IOC_VEC(struct fake_release) releases;
};

struct ioc_jail {
	struct ioc_host	*h;
	struct fake_jail *f;
};

/* A line in the log. */
void	fake_log(const char *fmt, ...) IOC_PRINTF(1, 2);
/* The failure that the environment asks for, or 0. */
int	fake_fail(const char *op, const char *who, struct ioc_error *err);
/* BEGIN, the delay, DONE; or PLAN.  CANCELED when the callback says so. */
int	fake_step(struct ioc_host *h, const char *what, const char *who,
	    struct ioc_error *err);
int	fake_event(struct ioc_host *h, const struct ioc_event *ev);
/* The next field up to the separator; NULL at the end. */
char	*fake_field(char **rest, char separator);
const char *fake_value(const struct fake_jail *f, const char *key);
void	fake_set(struct fake_jail *f, const char *key, const char *value);
struct fake_jail *fake_add(struct ioc_host *h, const char *name);

#endif /* TESTS_CLI_FAKE_H */
