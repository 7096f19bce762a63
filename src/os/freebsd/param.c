/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters of jails, with the types that the kernel publishes beneath
 * security.jail.param: a parameter that it has needs no code here.
 */
#include "os/freebsd/freebsd.h"

#include <sys/jail.h>
#include <sys/socket.h>
#include <sys/sysctl.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define	PREFIX		"security.jail.param."
#define	ADDRESSES	256

void
ioc_fb_params_init(struct fb_params *p)
{
	p->n = p->nowned = 0;
	p->errmsg[0] = '\0';
	ioc_fb_param_raw(p, "errmsg", p->errmsg, sizeof(p->errmsg));
}

void
ioc_fb_params_fini(struct fb_params *p)
{
	while (p->nowned > 0)
		free(p->owned[--p->nowned]);
}

/* The system call's vector is not const. */
static void *
bytes(const void *p)
{
	return ((void *)(uintptr_t)p);
}

void
ioc_fb_param_raw(struct fb_params *p, const char *name, void *value,
    size_t len)
{
	p->v[p->n++] = (struct iovec){ bytes(name), strlen(name) + 1 };
	p->v[p->n++] = (struct iovec){ value, len };
}

void
ioc_fb_param_text(struct fb_params *p, const char *name, const char *value)
{
	ioc_fb_param_raw(p, name, bytes(value), strlen(value) + 1);
}

/* Memory that lives as long as the parameters. */
static void *
own(struct fb_params *p, size_t len)
{
	void *m = calloc(1, len);

	if (m != NULL)
		p->owned[p->nowned++] = m;
	return (m);
}

struct kind {
	unsigned	type;		/* CTLTYPE_* */
	char		fmt[32];
};

/* The kernel's own words, by the sysctl that has no name: 4 is the type. */
static int
describe(int *mib, size_t n, struct kind *k)
{
	struct {
		unsigned kind;
		char	 fmt[1024];
	} info;
	size_t len = sizeof(info) - 1;

	mib[0] = 0;
	mib[1] = 4;
	if (sysctl(mib, (unsigned)n + 2, &info, &len, NULL, 0) != 0)
		return (-1);
	((char *)&info)[len] = '\0';
	k->type = info.kind & CTLTYPE;
	(void)strlcpy(k->fmt, info.fmt, sizeof(k->fmt));
	/* ",a" at its end: as many as one likes. */
	if (ioc_str_ends(k->fmt, ",a"))
		k->fmt[strlen(k->fmt) - 2] = '\0';
	return (0);
}

static bool
is_named(int *mib, size_t n, const char *name)
{
	char got[256];
	size_t len = sizeof(got);

	mib[0] = 0;
	mib[1] = 1;
	return (sysctl(mib, (unsigned)n + 2, got, &len, NULL, 0) == 0 &&
	    len > 0 && got[len - 1] == '\0' && strcmp(got, name) == 0);
}

/*
 * The type of a parameter.  What a node itself is stands in it without a name,
 * and was numbered just before or after it.
 */
static int
kind_of(const char *name, struct kind *k)
{
	int mib[3 + CTL_MAXNAME];
	size_t n = CTL_MAXNAME;
	char full[256];

	if (snprintf(full, sizeof(full) - 1, PREFIX "%s", name) >=
	    (int)sizeof(full) - 1 || sysctlnametomib(full, mib + 2, &n) != 0 ||
	    describe(mib, n, k) != 0)
		return (-1);
	if (k->type != CTLTYPE_NODE)
		return (0);
	(void)strlcat(full, ".", sizeof(full));
	for (int step = -1; step <= 1; step += 2) {
		mib[n + 2] = mib[n + 1] + step;
		if (is_named(mib, n + 1, full))
			return (describe(mib, n + 1, k));
	}
	return (-1);
}

/* "allow.raw_sockets" that is off is given as "allow.noraw_sockets". */
static int
add_bool(struct fb_params *p, const char *name, const char *value,
    struct ioc_error *err)
{
	const char *dot = strrchr(name, '.'), *leaf = dot ? dot + 1 : name;
	bool on;
	char *no;
	int r = ioc_str_to_bool(value, &on, err);

	if (r != 0)
		return (r);
	if (!on) {
		no = own(p, strlen(name) + 3);
		if (no == NULL)
			return (ioc_fail_nomem(err));
		(void)snprintf(no, strlen(name) + 3, "%.*sno%s",
		    (int)(leaf - name), name, leaf);
		name = no;
	}
	ioc_fb_param_raw(p, name, NULL, 0);
	return (0);
}

static int
add_jailsys(struct fb_params *p, const char *name, const char *value,
    struct ioc_error *err)
{
	static const struct {
		const char	*word;
		int		 value;
	} words[] = {
		{ "disable", JAIL_SYS_DISABLE },
		{ "new", JAIL_SYS_NEW },
		{ "inherit", JAIL_SYS_INHERIT },
	};
	int *v = own(p, sizeof(*v));

	if (v == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].word, value) != 0)
			continue;
		*v = words[i].value;
		ioc_fb_param_raw(p, name, v, sizeof(*v));
		return (0);
	}
	return (ioc_fail(err, IOC_INVALID,
	    "\"%s\": disable, new or inherit is needed", IOC_SHOW(value)));
}

static int
add_number(struct fb_params *p, const char *name, const char *value, bool wide,
    struct ioc_error *err)
{
	int64_t n, *v = own(p, sizeof(*v));
	int r;

	if (v == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_str_to_i64(value, wide ? INT64_MIN : INT32_MIN,
	    wide ? INT64_MAX : UINT32_MAX, &n, err);
	if (r != 0)
		return (r);
	if (wide)
		*v = n;
	else
		*(int32_t *)(void *)v = (int32_t)n;
	ioc_fb_param_raw(p, name, v, wide ? sizeof(int64_t) : sizeof(int32_t));
	return (0);
}

/* Addresses, separated by commas. */
static int
add_addresses(struct fb_params *p, const char *name, const char *value,
    int family, struct ioc_error *err)
{
	size_t size = family == AF_INET ? sizeof(struct in_addr) :
	    sizeof(struct in6_addr), n = 0;
	char *v = own(p, ADDRESSES * size), text[INET6_ADDRSTRLEN];

	if (v == NULL)
		return (ioc_fail_nomem(err));
	while (*value != '\0') {
		size_t len = strcspn(value, ",");

		if (n == ADDRESSES || len >= sizeof(text))
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\": not addresses", IOC_SHOW(value)));
		memcpy(text, value, len);
		text[len] = '\0';
		if (inet_pton(family, text, v + n++ * size) != 1)
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\": not an address", IOC_SHOW(text)));
		value += len + (value[len] == ',');
	}
	ioc_fb_param_raw(p, name, v, n * size);
	return (0);
}

static int
add_kind(struct fb_params *p, const struct kind *k, const char *name,
    const char *value, struct ioc_error *err)
{
	char *text;

	if (strcmp(k->fmt, "B") == 0)
		return (add_bool(p, name, value, err));
	if (strcmp(k->fmt, "E,jailsys") == 0)
		return (add_jailsys(p, name, value, err));
	if (strcmp(k->fmt, "S,in_addr") == 0)
		return (add_addresses(p, name, value, AF_INET, err));
	if (strcmp(k->fmt, "S,in6_addr") == 0)
		return (add_addresses(p, name, value, AF_INET6, err));
	switch (k->type) {
	case CTLTYPE_INT:
	case CTLTYPE_UINT:
		return (add_number(p, name, value, false, err));
	case CTLTYPE_LONG:
	case CTLTYPE_ULONG:
	case CTLTYPE_S64:
	case CTLTYPE_U64:
		return (add_number(p, name, value, true, err));
	case CTLTYPE_STRING:
		text = own(p, strlen(value) + 1);
		if (text == NULL)
			return (ioc_fail_nomem(err));
		memcpy(text, value, strlen(value) + 1);
		ioc_fb_param_text(p, name, text);
		return (0);
	default:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "its type \"%s\" is not known", IOC_SHOW(k->fmt)));
	}
}

/* A parameter is there when its module is. */
static void
load_for(const char *name)
{
	static const char *const modules[][2] = {
		{ "allow.mount.fdescfs", "fdescfs" },
		{ "allow.mount.linprocfs", "linprocfs" },
		{ "allow.mount.linsysfs", "linsysfs" },
		{ "allow.mount.nullfs", "nullfs" },
		{ "allow.mount.procfs", "procfs" },
		{ "allow.mount.tmpfs", "tmpfs" },
		{ "allow.mount.zfs", "zfs" },
		{ "allow.vmm", "vmm" },
		{ "linux", "linux" },
		{ "sysvmsg", "sysvmsg" },
		{ "sysvsem", "sysvsem" },
		{ "sysvshm", "sysvshm" },
	};

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (strcmp(modules[i][0], name) == 0)
			(void)ioc_fb_module_need(NULL, modules[i][1], NULL);
}

int
ioc_fb_param_add(struct fb_params *p, const char *name, const char *value,
    struct ioc_error *err)
{
	char *copy = own(p, strlen(name) + 1);
	struct kind k;

	if (copy == NULL)
		return (ioc_fail_nomem(err));
	memcpy(copy, name, strlen(name) + 1);
	if (p->n + 2 > 2 * FB_PARAMS || p->nowned + 2 > 2 * FB_PARAMS)
		return (ioc_fail(err, IOC_LIMIT,
		    "more than %d parameters of a jail", FB_PARAMS));
	if (kind_of(copy, &k) != 0) {
		load_for(copy);
		if (kind_of(copy, &k) != 0)
			return (ioc_fail(err, IOC_UNSUPPORTED, "the kernel "
			    "has no jail parameter %s", IOC_SHOW(name)));
	}
	return (ioc_wrap(err, add_kind(p, &k, copy, value, err), "%s",
	    IOC_SHOW(name)));
}

int
ioc_fb_params_set(struct fb_params *p, int flags, struct ioc_error *err)
{
	int jid = jail_set(p->v, p->n, flags), sys = errno;

	if (jid >= 0)
		return (jid);
	if (p->errmsg[0] == '\0')
		return (ioc_fail_sys(err, sys, "jail_set"));
	(void)ioc_fail(err, ioc_code_of_errno(sys), "jail_set: %s",
	    IOC_SHOW(p->errmsg));
	if (err != NULL)
		err->sys = sys;
	return (ioc_code_of_errno(sys));
}
