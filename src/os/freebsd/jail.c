/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles of jails: claimed, found, listed, released. */
#include "os/freebsd/freebsd.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define	FIELD(member, type)	IOC_RECORD_FIELD(struct fb_record, member, type)

static const struct ioc_record_field fields[] = {
	FIELD(boot, IOC_RECORD_TEXT),
	FIELD(jid, IOC_RECORD_I32),
	FIELD(time, IOC_RECORD_U64),
	FIELD(dev, IOC_RECORD_U64),
	FIELD(ino, IOC_RECORD_U64),
	FIELD(ephemeral, IOC_RECORD_BOOL),
	FIELD(ruleset, IOC_RECORD_U32),
	FIELD(path, IOC_RECORD_TEXT),
};

const struct ioc_record_kind ioc_fb_records = {
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(*fields),
	.size = sizeof(struct fb_record),
};

/* What becomes a name in the run directory, of the kernel and in rules. */
static int
check_name(const char *name, struct ioc_error *err)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_*-";
	size_t len = strlen(name);

	/* A dot would stand for a jail in a jail, a number for a jid. */
	if (len == 0 || len > FB_NAME_MAX || strspn(name, set) != len ||
	    strchr("_*-", name[0]) != NULL ||
	    strspn(name, "0123456789") == len)
		return (ioc_fail(err, IOC_INVALID, "%s is no name of a jail",
		    IOC_SHOW(name)));
	return (0);
}

static int
new_jail(struct ioc_os *os, const char *name, struct ioc_os_jail **ret,
    struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc;

	if ((rc = check_name(name, err)) != 0)
		return (rc);
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return (ioc_fail_nomem(err));
	j->os = os;
	j->life = -1;
	memcpy(j->r.name, name, strlen(name) + 1);
	*ret = j;
	return (0);
}

static void
end_jail(struct ioc_os_jail *j)
{
	for (size_t i = 0; i < j->nparams; i++) {
		free((void *)(uintptr_t)j->params[i].name);
		free((void *)(uintptr_t)j->params[i].value);
	}
	free(j->params);
	free(j->hostname);
	free(j->domainname);
	free(j->hostuuid);
	ioc_fd_close(&j->life);
	free(j);
}

void
ioc_os_jail_free(struct ioc_os_jail *j)
{
	if (j == NULL)
		return;
	if (j->prepared) {
		(void)ioc_os_jail_unmount(j, NULL);
		(void)ioc_os_jail_unlimit(j, NULL);
		(void)ioc_os_jail_release(j, NULL);
	}
	end_jail(j);
}

static int
copy_text(char **to, const char *from, struct ioc_error *err)
{
	if (from != NULL && (*to = strdup(from)) == NULL)
		return (ioc_fail_nomem(err));
	return (0);
}

static int
copy_params(struct ioc_os_jail *j, const struct ioc_os_jail_spec *s,
    struct ioc_error *err)
{
	j->params = calloc(s->nparams + 1, sizeof(*j->params));
	if (j->params == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < s->nparams; i++) {
		j->params[i].name = strdup(s->params[i].name);
		j->params[i].value = strdup(s->params[i].value);
		j->nparams++;
		if (j->params[i].name == NULL || j->params[i].value == NULL)
			return (ioc_fail_nomem(err));
	}
	return (0);
}

static int
copy_spec(struct ioc_os_jail *j, const struct ioc_os_jail_spec *s,
    struct ioc_error *err)
{
	int rc;

	if (s->userns)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "uid ranges for jails exist on Linux only"));
	j->r.ephemeral = s->ephemeral;
	j->vnet = s->vnet;
	j->r.time = (uint64_t)time(NULL);
	(void)strlcpy(j->r.boot, j->os->facts.boot_id, sizeof(j->r.boot));
	rc = copy_text(&j->hostname, s->hostname, err);
	if (rc == 0)
		rc = copy_text(&j->domainname, s->domainname, err);
	if (rc == 0)
		rc = copy_text(&j->hostuuid, s->hostuuid, err);
	return (rc == 0 ? copy_params(j, s, err) : rc);
}

int
ioc_fb_present(const struct ioc_os *os, const struct fb_record *r,
    struct fb_found *ret)
{
	*ret = (struct fb_found){ .desc = -1 };
	if (r->path[0] == '\0' || ioc_fb_find(os, r->name, ret, NULL) != 0)
		return (0);
	if (strcmp(ret->path, r->path) != 0) {
		ioc_fb_found_fini(ret);
		return (0);
	}
	return (ret->jid);
}

/* The jid of another boot says nothing. */
static bool
is_running(const struct ioc_os *os, const struct fb_record *r,
    struct fb_found *ret)
{
	return (r->jid != 0 && strcmp(r->boot, os->facts.boot_id) == 0 &&
	    ioc_fb_present(os, r, ret) == r->jid);
}

int
ioc_fb_running(struct ioc_os_jail *j, struct fb_found *ret,
    struct ioc_error *err)
{
	*ret = (struct fb_found){ .desc = -1 };
	if (is_running(j->os, &j->r, ret))
		return (0);
	return (ioc_fail(err, IOC_STATE, "jail %s is not running",
	    j->r.name));
}

/* Nobody else's jail may be taken for ours. */
static int
check_foreign(struct ioc_os_jail *j, struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };
	int rc = ioc_fb_find(j->os, j->r.name, &f, err);

	if (rc == 0 && f.jid != 0)
		rc = ioc_fail(err, IOC_BUSY, "a jail %s that was not started "
		    "by ioc is running (jid %d)", j->r.name, f.jid);
	return (rc);
}

/* Takes the name; what a start that died left behind is cleared first. */
static int
claim(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct ioc_os_jail old = { .os = j->os, .life = -1 };
	auto_found struct fb_found f = { .desc = -1 };
	int rc = ioc_record_claim(j->os->run_fd, &ioc_fb_records, &j->r, err);

	if (rc != IOC_EXISTS)
		return (rc);
	rc = ioc_record_read(j->os->run_fd, &ioc_fb_records, j->r.name, &old.r, err);
	if (rc != 0 && rc != IOC_NOT_FOUND)
		return (rc);
	if (rc == 0 && is_running(j->os, &old.r, &f))
		return (ioc_fail(err, IOC_BUSY, "jail %s is running",
		    j->r.name));
	if (rc == 0 && ((rc = ioc_os_jail_remove(&old, 0, err)) != 0 ||
	    (rc = ioc_os_jail_unmount(&old, err)) != 0 ||
	    (rc = ioc_os_jail_unlimit(&old, err)) != 0 ||
	    (rc = ioc_os_jail_release(&old, err)) != 0))
		return (rc);
	return (ioc_record_claim(j->os->run_fd, &ioc_fb_records, &j->r, err));
}

int
ioc_os_jail_prepare(struct ioc_os *os, const struct ioc_os_jail_spec *spec,
    struct ioc_os_jail **ret, struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc = new_jail(os, spec->name, &j, err);

	if (rc != 0)
		return (rc);
	if ((rc = copy_spec(j, spec, err)) != 0 ||
	    (rc = claim(j, err)) != 0) {
		end_jail(j);
		return (rc);
	}
	j->prepared = true;
	if ((rc = check_foreign(j, err)) != 0) {
		ioc_os_jail_free(j);
		return (rc);
	}
	*ret = j;
	return (0);
}

int
ioc_os_jail_find(struct ioc_os *os, const char *name,
    struct ioc_os_jail **ret, struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc = new_jail(os, name, &j, err);

	if (rc != 0)
		return (rc);
	rc = ioc_record_read(os->run_fd, &ioc_fb_records, name, &j->r, err);
	if (rc != 0 && rc != IOC_NOT_FOUND) {
		end_jail(j);
		return (rc);
	}
	*ret = j;
	return (0);
}

static void
fill_info(const struct ioc_os *os, const void *record,
    struct ioc_os_jail_info *info)
{
	auto_found struct fb_found f = { .desc = -1 };
	const struct fb_record *r = record;

	info->ephemeral = r->ephemeral;
	if (!is_running(os, r, &f))
		return;
	info->state = IOC_OS_JAIL_RUNNING;
	info->id = r->jid;
	info->started = r->time;
}

int
ioc_os_jail_info(struct ioc_os_jail *j, struct ioc_os_jail_info *info,
    struct ioc_error *err)
{
	return (ioc_record_info(j->os, j->os->run_fd, &ioc_fb_records,
	    fill_info, j->r.name, info, err));
}

int
ioc_os_jail_list(struct ioc_os *os, struct ioc_os_jail_info **ret, size_t *n,
    struct ioc_error *err)
{
	return (ioc_record_list(os, os->run_fd, &ioc_fb_records, fill_info,
	    ret, n, err));
}

int
ioc_os_jail_release(struct ioc_os_jail *j, struct ioc_error *err)
{
	int rc = ioc_fb_devfs_remove(j->os, j->r.name, err);

	if (rc != 0)
		return (rc);
	j->prepared = false;
	return (ioc_record_remove(j->os->run_fd, j->r.name, err));
}
