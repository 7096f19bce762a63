/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/prop.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "conf/resolver.h"
#include "conf/value.h"
#include "safe/name.h"

/* --- judges of single properties ------------------------------------------ */

/* One line of text: nothing that would move a cursor or end a line. */
static int
check_line(const char *value, struct ioc_error *err)
{
	for (const char *s = value; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" has a control character", IOC_SHOW(value)));
	return (0);
}

static int
check_hostname(const char *value, struct ioc_error *err)
{
	if (strlen(value) > ioc_prop_hostname_max)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is longer than %zu "
		    "bytes, and this system takes no longer name",
		    IOC_SHOW(value), ioc_prop_hostname_max));
	return (ioc_name_check(IOC_NAME_HOSTNAME, value, err));
}

/* 8-4-4-4-12 hexadecimal digits. */
static int
check_uuid(const char *value, struct ioc_error *err)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool good = strlen(value) == sizeof(shape) - 1;

	for (size_t i = 0; good && shape[i] != '\0'; i++)
		good = shape[i] == '-' ? value[i] == '-' :
		    strchr("0123456789abcdefABCDEF", value[i]) != NULL;
	return (good ? 0 : ioc_fail(err, IOC_INVALID, "\"%s\" is not a UUID",
	    IOC_SHOW(value)));
}

/* [source/]release */
static int
check_release(const char *value, struct ioc_error *err)
{
	const char *slash = strchr(value, '/');
	char source[64];
	int r;

	if (slash == NULL)
		return (ioc_name_check(IOC_NAME_RELEASE, value, err));
	if ((size_t)(slash - value) >= sizeof(source))
		return (ioc_fail(err, IOC_INVALID,
		    "\"%s\" is not a release", IOC_SHOW(value)));
	memcpy(source, value, (size_t)(slash - value));
	source[slash - value] = '\0';
	r = ioc_name_check(IOC_NAME_SOURCE, source, err);
	return (r != 0 ? r : ioc_name_check(IOC_NAME_RELEASE, slash + 1, err));
}

static int
check_jail(const char *value, struct ioc_error *err)
{
	return (ioc_name_check(IOC_NAME_JAIL, value, err));
}

/*
 * A parameter by its own name: not one that a property sets, nor one that says
 * which jail it is.
 */
static int
check_parameter(const char *param, struct ioc_error *err)
{
	size_t n;
	const struct ioc_prop *t = ioc_prop_table(&n);

	for (const char *const *own = ioc_prop_own_params; *own != NULL; own++)
		if (strcmp(*own, param) == 0)
			return (ioc_fail(err, IOC_INVALID,
			    IOC_PROP_PARAM "%s: is ioc's own", param));
	for (size_t i = 0; i < n; i++)
		if (strcmp(t[i].name, param) == 0 || (t[i].param != NULL &&
		    strcmp(t[i].param, param) == 0))
			return (ioc_fail(err, IOC_INVALID, IOC_PROP_PARAM
			    "%s: is the property %s", param, t[i].name));
	return (0);
}

/* --- the table ------------------------------------------------------------ */

static const char *const sysv_choices[] = { "disable", "new", "inherit",
	NULL };
static const char *const basejail_choices[] = { "nullfs", NULL };
static const char *const userns_choices[] = { "idmap", "off", NULL };

#define	ROW(n, t, f, s, sys, ...)					\
	{ .name = (n), .type = IOC_PROP_##t, .fallback = (f),		\
	    .scope = IOC_SCOPE_##s, .systems = IOC_ON_##sys, __VA_ARGS__ }
#define	LIMIT(n, h)	ROW(n, LIMIT, "-", ADMIN, ALL, .help = (h))
#define	ALLOW(n, f, p, h)	ROW("allow_" n, BOOL, f, ADMIN, FREEBSD,	\
    .param = "allow." p, .help = (h))

/*
 * Sorted by name.  A row stands here only if it has an effect.  `param` is a
 * parameter of the kernel, never one that only the program jail(8) knows.
 */
static const struct ioc_prop table[] = {
	ALLOW("chflags", "no", "chflags", "may change system file flags"),
	ALLOW("mlock", "no", "mlock", "may lock memory"),
	ALLOW("mount", "no", "mount", "may mount, see allow_mount_*"),
	ALLOW("mount_devfs", "no", "mount.devfs", "may mount devfs"),
	ALLOW("mount_fdescfs", "no", "mount.fdescfs", "may mount fdescfs"),
	ALLOW("mount_nullfs", "no", "mount.nullfs", "may mount nullfs"),
	ALLOW("mount_procfs", "no", "mount.procfs", "may mount procfs"),
	ALLOW("mount_tmpfs", "no", "mount.tmpfs", "may mount tmpfs"),
	ALLOW("quotas", "no", "quotas", "may administer quotas"),
	ALLOW("raw_sockets", "no", "raw_sockets", "may make raw sockets"),
	ALLOW("set_hostname", "yes", "set_hostname", "may change its host name"),
	ALLOW("socket_af", "no", "socket_af",
	    "may use protocols other than local, IP and route"),
	ROW("basejail", BOOL, "no", FIXED, ALL,
	    .help = "the system's directories are those of its release, "
		"read-only"),
	ROW("basejail_type", CHOICE, "nullfs", FIXED, ALL,
	    .choices = basejail_choices,
	    .help = "how it has them: mounted when it starts"),
	ROW("boot", BOOL, "no", ADMIN, ALL,
	    .help = "start it with the host"),
	ROW("children_max", INT, "0", ADMIN, FREEBSD, .min = 0, .max = 99999,
	    .param = "children.max", .help = "number of jails in the jail"),
	LIMIT("coredumpsize", "bytes of a core dump (FreeBSD)"),
	LIMIT("cputime", "seconds of CPU time (FreeBSD; not with deny)"),
	LIMIT("datasize", "bytes of data segments (FreeBSD)"),
	ROW("depends", LIST, "-", ADMIN, ALL, .check = check_jail,
	    .help = "names of the jails that are started before it"),
	ROW("devfs_ruleset", INT, "4", ADMIN, FREEBSD, .min = 1, .max = 65535,
	    .help = "devfs ruleset of /dev; 4: one of its own, with the minimum"),
	ROW("distribution", STRING, "-", INTERNAL, ALL, .check = check_line,
	    .help = "distribution that its release is of"),
	ROW("enforce_statfs", INT, "2", ADMIN, FREEBSD, .min = 0, .max = 2,
	    .param = "enforce_statfs",
	    .help = "mounts that it sees: 2 its root, 1 those in it, 0 all"),
	ROW("exec_start", STRING, ioc_prop_exec_start, TENANT, ALL,
	    .check = check_line,
	    .help = "command that is run in the jail when it starts"),
	ROW("exec_stop", STRING, ioc_prop_exec_stop, TENANT, ALL,
	    .check = check_line,
	    .help = "command that is run in the jail when it stops"),
	ROW("exec_timeout", INT, "600", ADMIN, ALL, .min = 1, .max = 86400,
	    .help = "seconds that exec_start or exec_stop may take"),
	ROW("host_domainname", STRING, ioc_prop_domainname, TENANT, ALL,
	    .param = "host.domainname", .check = check_hostname,
	    .help = "NIS domain name in the jail"),
	ROW("host_hostname", STRING, "-", TENANT, ALL,
	    .param = "host.hostname", .check = check_hostname,
	    .help = "host name in the jail, by default the jail's own name"),
	ROW("host_hostuuid", STRING, "-", FIXED, ALL,
	    .param = "host.hostuuid", .check = check_uuid,
	    .help = "UUID of the jail as a host"),
	ROW("id_base", INT, "-", INTERNAL, LINUX, .min = 65536, .max = 4294836224,
	    .help = "first of the host's 65536 uids and gids that are its own"),
	ROW("jail.*", STRING, "-", ADMIN, FREEBSD, .check = check_line,
	    .help = "parameter of the kernel by its own name: "
		"jail.allow.nfsd"),
	LIMIT("maxproc", "number of processes (Linux: pids.max)"),
	LIMIT("memorylocked", "bytes of locked memory (FreeBSD)"),
	LIMIT("memoryuse", "bytes of memory (Linux: memory.max)"),
	ROW("mount_devfs", BOOL, "yes", ADMIN, ALL,
	    .help = "mount the minimal set of devices on /dev"),
	ROW("mount_fdescfs", BOOL, "yes", ADMIN, FREEBSD,
	    .help = "mount the descriptors of each process on /dev/fd"),
	ROW("mount_linprocfs", BOOL, "no", ADMIN, FREEBSD,
	    .help = "mount Linux's view of processes on /compat/linux/proc"),
	ROW("mount_linsysfs", BOOL, "no", ADMIN, FREEBSD,
	    .help = "mount Linux's view of devices on /compat/linux/sys"),
	ROW("mount_procfs", BOOL, ioc_prop_procfs, ADMIN, ALL,
	    .help = "mount the jail's processes on /proc, masked"),
	LIMIT("msgqqueued", "number of queued SysV messages (FreeBSD)"),
	LIMIT("msgqsize", "bytes in SysV message queues (FreeBSD)"),
	LIMIT("nmsgq", "number of SysV message queues (FreeBSD)"),
	ROW("notes", STRING, "-", TENANT, ALL,
	    .help = "free text about the jail"),
	LIMIT("nsem", "number of SysV semaphores (FreeBSD)"),
	LIMIT("nsemop", "SysV semaphore operations in one call (FreeBSD)"),
	LIMIT("nshm", "number of SysV shared memory segments (FreeBSD)"),
	LIMIT("nthr", "number of threads (FreeBSD)"),
	LIMIT("openfiles", "open files (Linux: of each process)"),
	ROW("patch_level", INT, "-", INTERNAL, ALL, .min = 0, .max = INT32_MAX,
	    .help = "patch level of the release that it was made from"),
	LIMIT("pcpu", "percent of one CPU (Linux: cpu.max)"),
	ROW("priority", INT, "0", ADMIN, ALL, .min = INT32_MIN,
	    .max = INT32_MAX,
	    .help = "order of starting with the host, smaller first"),
	LIMIT("pseudoterminals", "number of pseudoterminals (FreeBSD)"),
	LIMIT("readbps", "bytes read per second (FreeBSD; not with deny)"),
	LIMIT("readiops", "reads per second (FreeBSD; not with deny)"),
	ROW("release", STRING, "-", INTERNAL, ALL, .check = check_release,
	    .help = "release that it was made from"),
	ROW("resolver", STRING, "-", ADMIN, ALL, .check = ioc_resolver_check,
	    .help = "lines of its resolv.conf, \";\" between, or /path of the "
		"host to copy"),
	ROW("securelevel", INT, "2", ADMIN, FREEBSD, .min = -1, .max = 3,
	    .param = "securelevel", .help = "securelevel of the jail"),
	LIMIT("shmsize", "bytes of SysV shared memory (FreeBSD)"),
	LIMIT("stacksize", "bytes of a stack (FreeBSD)"),
	ROW("stop_timeout", INT, "30", ADMIN, ALL, .min = 0, .max = 3600,
	    .help = "seconds from TERM to KILL when it stops"),
	LIMIT("swapuse", "bytes of swap space (Linux: memory.swap.max)"),
	ROW("sysvmsg", CHOICE, "new", ADMIN, FREEBSD, .choices = sysv_choices,
	    .param = "sysvmsg", .help = "SysV message queues"),
	ROW("sysvsem", CHOICE, "new", ADMIN, FREEBSD, .choices = sysv_choices,
	    .param = "sysvsem", .help = "SysV semaphores"),
	ROW("sysvshm", CHOICE, "new", ADMIN, FREEBSD, .choices = sysv_choices,
	    .param = "sysvshm", .help = "SysV shared memory"),
	ROW("tags", LIST, "-", TENANT, ALL, .check = check_line,
	    .help = "labels to select it by"),
	ROW("template", BOOL, "no", ADMIN, ALL,
	    .help = "only serves to make other jails from"),
	ROW("thick", BOOL, "no", INTERNAL, ALL,
	    .help = "has a full copy of its release instead of sharing it"),
	ROW("user.*", STRING, "-", TENANT, ALL,
	    .help = "data of your own, of no meaning to ioc"),
	ROW("userns", CHOICE, "idmap", ADMIN, LINUX, .choices = userns_choices,
	    .help = "idmap: users of its own; off: its root is the host's, "
		"only less able"),
	LIMIT("vmemoryuse", "bytes of address space (FreeBSD)"),
	ROW("vnet", BOOL, "no", ADMIN, FREEBSD,
	    .help = "a network stack of its own, with loopback only"),
	LIMIT("wallclock", "seconds of real time (FreeBSD; not with deny)"),
	LIMIT("writebps", "bytes written per second (FreeBSD; not with deny)"),
	LIMIT("writeiops", "writes per second (FreeBSD; not with deny)"),
};

static const char *const state_choices[] = { "stopped", "running", "broken",
	NULL };

static const struct ioc_prop computed[] = {
	ROW("full_name", STRING, "-", INTERNAL, ALL,
	    .help = "source/name, only the name when there is one source"),
	ROW("jid", INT, "-", INTERNAL, ALL, .min = 0, .max = INT64_MAX,
	    .help = "kernel's number of a running jail; Linux: pid of init"),
	ROW("name", STRING, "-", INTERNAL, ALL, .help = "name of the jail"),
	ROW("running", BOOL, "no", INTERNAL, ALL, .help = "whether it runs"),
	ROW("source", STRING, "-", INTERNAL, ALL, .help = "source that it is in"),
	ROW("state", CHOICE, "stopped", INTERNAL, ALL, .choices = state_choices,
	    .help = "stopped, running or broken"),
	ROW("used", STRING, "-", INTERNAL, ALL, .help = "space that it uses"),
};

/* --- finding -------------------------------------------------------------- */

static int
compare(const void *key, const void *row)
{
	return (strcmp(key, ((const struct ioc_prop *)row)->name));
}

/* The only rows whose names have a free part. */
static const char *const free_parts[] = { IOC_PROP_PARAM "*", "user.*" };

static const struct ioc_prop *
find(const struct ioc_prop *rows, size_t n, const char *name)
{
	return (bsearch(name, rows, n, sizeof(*rows), compare));
}

const struct ioc_prop *
ioc_prop_table(size_t *n)
{
	*n = sizeof(table) / sizeof(*table);
	return (table);
}

const struct ioc_prop *
ioc_prop_find(const char *name)
{
	for (size_t i = 0; i < sizeof(free_parts) / sizeof(*free_parts); i++) {
		size_t len = strlen(free_parts[i]);

		if (strncmp(name, free_parts[i], len - 1) == 0 &&
		    name[len - 1] != '\0')
			name = free_parts[i];
	}
	return (find(table, sizeof(table) / sizeof(*table), name));
}

const struct ioc_prop *
ioc_prop_computed_table(size_t *n)
{
	*n = sizeof(computed) / sizeof(*computed);
	return (computed);
}

const struct ioc_prop *
ioc_prop_computed(const char *name)
{
	/* A jail has no other identity than its name any more. */
	if (strcmp(name, "id") == 0 || strcmp(name, "uuid") == 0)
		name = "name";
	return (find(computed, sizeof(computed) / sizeof(*computed), name));
}

int
ioc_prop_check(const char *name, const char *value, char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	int r;

	if (p == NULL && ioc_prop_computed(name) != NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "%s: is computed and cannot be set", IOC_SHOW(name)));
	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property \"%s\"",
		    IOC_SHOW(name)));
	if (ioc_str_ends(p->name, ".*") &&
	    (r = ioc_name_check(IOC_NAME_PROPERTY, name, err)) != 0)
		return (r);
	if ((p->systems & ioc_prop_this_system) == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "%s: is not a property of this system", IOC_SHOW(name)));
	if (ioc_str_starts(name, IOC_PROP_PARAM) &&
	    (r = check_parameter(name + strlen(IOC_PROP_PARAM), err)) != 0)
		return (r);
	return (ioc_value_normal(p, name, value, ret, err));
}
