/* SPDX-License-Identifier: BSD-2-Clause */
/* How long FreeBSD supports its releases and branches. */
#ifndef DIST_LIFETIME_H
#define DIST_LIFETIME_H

/*
 * The last day of support of a release (14.2-RELEASE) or branch (14.2-STABLE,
 * 15-STABLE) as "YYYY-MM-DD"; "" for what is older than the table, NULL for what
 * is newer, and for what was never meant to be supported (CURRENT, BETA, ...).
 */
const char *ioc_lifetime_end(const char *release);

/* Releases that are worth a suggestion, newest first, NULL-terminated. */
extern const char *const ioc_lifetime_releases[];

#endif /* DIST_LIFETIME_H */
