/* SPDX-License-Identifier: BSD-2-Clause */
/* NULL-terminated vectors of strings: argv, environments, lists. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include "base/cleanup.h"
#include "base/error.h"

/* `v` is NULL or has n strings and a NULL behind them. */
struct ioc_strv {
	char	**v;
	size_t	  n;
	size_t	  cap;
	int	  failed;	/* the first failure sticks, as in ioc_buf */
};

#define	IOC_STRV	{ .v = NULL, .n = 0, .cap = 0, .failed = 0 }

void	ioc_strv_fini(struct ioc_strv *s);
int	ioc_strv_add(struct ioc_strv *s, const char *str);	/* copies */
int	ioc_strv_addn(struct ioc_strv *s, const char *str, size_t len);
int	ioc_strv_addf(struct ioc_strv *s, const char *fmt, ...) IOC_PRINTF(2, 3);
int	ioc_strv_take(struct ioc_strv *s, char *str);		/* owns str, also on failure */
int	ioc_strv_addv(struct ioc_strv *s, const char *const *v);
/* 0, or the first failure as an error. */
int	ioc_strv_check(const struct ioc_strv *s, struct ioc_error *err);
bool	ioc_strv_has(const struct ioc_strv *s, const char *str);
void	ioc_strv_sort(struct ioc_strv *s);
/* Never NULL, usable as an argv. */
const char *const *ioc_strv_get(const struct ioc_strv *s);

#define	auto_strv	IOC_AUTO(ioc_strv_fini)

#endif /* BASE_STRV_H */
