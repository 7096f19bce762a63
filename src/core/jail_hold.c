/* SPDX-License-Identifier: BSD-2-Clause */
/* Who changes a jail holds its lock, and reads of it again what was read before. */
#include "core/jail.h"
#include "core/recover.h"
#include "safe/journal.h"

static int
lock_within(struct ioc_jail *j, const char *verb, int timeout_ms,
    struct ioc_lock **ret, struct ioc_error *err)
{
	auto_free char *kernel = NULL;
	int r;

	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_host_lock(j->host, "jail", kernel, IOC_LOCK_EXCLUSIVE,
		    verb, timeout_ms, ret, err);
	return (r);
}

int
ioc_jail_lock(struct ioc_jail *j, const char *verb, struct ioc_lock **ret,
    struct ioc_error *err)
{
	return (lock_within(j, verb, IOC_LOCK_WAIT, ret, err));
}

int
ioc_jail_lock_free(struct ioc_jail *j, struct ioc_lock **ret,
    struct ioc_error *err)
{
	int r = lock_within(j, "recover", 0, ret, err);

	return (r == IOC_BUSY ? IOC_JOURNAL_LATER : r);
}

/*
 * The lock, when nobody has died over it who was exchanging what the jail is made
 * of: that is finished first.  Where it cannot be, as the jail runs, all stays as
 * it is for who wants to stop it.
 */
static int
lock_whole(struct ioc_jail *j, const char *verb, struct ioc_lock **ret,
    struct ioc_error *err)
{
	bool tried = j->host->dry_run;

	for (int rounds = 0; rounds < 100; rounds++) {
		auto_lock struct ioc_lock *lock = NULL;
		bool wanted = false;
		int r = ioc_jail_lock(j, verb, &lock, err);

		if (r == 0 && !tried)
			r = ioc_recover_wanted(j->source, j->name, &wanted,
			    err);
		if (r != 0)
			return (r);
		if (!wanted) {
			*ret = take_ptr(lock);
			return (0);
		}
		ioc_lock_release(take_ptr(lock), true);
		/* Left by it for later it is found again. */
		r = ioc_recover(j->host, false, NULL, err);
		if (r != 0 && r != IOC_STATE)
			return (r);
		tried = r == IOC_STATE;
	}
	return (ioc_fail(err, IOC_BUSY, "others recover it all the time"));
}

int
ioc_jail_hold(struct ioc_jail *j, const char *verb, struct ioc_lock **ret,
    struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	int r = lock_whole(j, verb, &lock, err);

	if (r != 0)
		return (r);
	ioc_conf_free(take_ptr(j->conf));
	j->conf_code = 0;
	j->known = false;
	r = j->source->store->ops->has(j->source->store, j->vol, err);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, r, "it is not there any more"));
	if (r == 0)
		*ret = take_ptr(lock);
	return (r);
}
