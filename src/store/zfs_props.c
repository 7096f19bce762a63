/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations that old versions of iocage keep as properties of a jail's
 * dataset, "org.freebsd.iocage:KEY".  Those that were received or are inherited
 * say nothing.  Values are free text: they stand last in their lines, and one with
 * a line end is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	PREFIX	"org.freebsd.iocage:"

/* Cuts the field off that ends with a TAB; NULL: there is none. */
static const char *
field(char **p)
{
	char *tab = strchr(*p, '\t'), *begin = *p;

	if (tab == NULL)
		return (NULL);
	*tab = '\0';
	*p = tab + 1;
	return (begin);
}

/* Calls fn for those of the dataset in the text, which is changed. */
static int
each(char *text, const char *dataset, ioc_store_property *fn, void *arg,
    size_t *found, struct ioc_error *err)
{
	char *next;

	for (char *line = text; *line != '\0'; line = next) {
		char *nl = strchr(line, '\n'), *p = line;
		const char *name, *key;
		int r;

		if (nl == NULL)
			return (ioc_fail(err, IOC_FORMAT,
			    "zfs get: a line does not end"));
		*nl = '\0';
		next = nl + 1;
		name = field(&p);
		key = name != NULL ? field(&p) : NULL;
		if (key == NULL || strcmp(name, dataset) != 0)
			return (ioc_fail(err, IOC_FORMAT, "a property of %s "
			    "has a line end in its value", dataset));
		if (!ioc_str_starts(key, PREFIX) ||
		    key[strlen(PREFIX)] == '\0')
			continue;
		++*found;
		r = fn(key + strlen(PREFIX), p, arg, err);
		if (r != 0)
			return (r);
	}
	return (0);
}

/* --- of all jails at once ------------------------------------------------------- */

/* The lines of one jail. */
struct ioc_zfs_group {
	const char	*name;		/* up to a TAB */
	const char	*begin, *end;
};

struct groups {
	const char	*dataset;	/* of the jails */
	IOC_VEC(struct ioc_zfs_group) v;
};

static int
by_name(const void *a, const void *b)
{
	const struct ioc_zfs_group *x = a, *y = b;
	size_t n = strcspn(x->name, "\t"), m = strcspn(y->name, "\t");
	int c = memcmp(x->name, y->name, n < m ? n : m);

	return (c != 0 ? c : n < m ? -1 : n > m);
}

/*
 * A line that names no jail belongs to the one before, where it will be an error;
 * one that is about another jail makes two groups of that.
 */
static int
add_line(struct groups *g, const char *line, const char *end,
    struct ioc_error *err)
{
	const char *name = ioc_zfs_beneath(line, g->dataset);
	struct ioc_zfs_group *last = g->v.n > 0 ? &g->v.v[g->v.n - 1] : NULL;
	struct ioc_zfs_group one = { name, line, end };

	if (last != NULL && (name == NULL || by_name(&one, last) == 0)) {
		last->end = end;
		return (0);
	}
	if (name == NULL)
		return (0);
	last = ioc_vec_push(&g->v);
	if (last == NULL)
		return (ioc_fail_nomem(err));
	*last = one;
	return (0);
}

static int
read_all(struct ioc_zfs *z, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	char dataset[IOC_ZFS_NAME];
	struct groups g = { .dataset = dataset };
	int r = ioc_zfs_name(z, "jails", NULL, dataset, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-r", "-d", "1", "-s",
		    "local", "-o", "name,property,value", "all", dataset), &out,
		    err);
	if (r == 0 && strlen(ioc_buf_str(&out)) != out.len)
		r = ioc_fail(err, IOC_FORMAT, "zfs get: a NUL byte");
	for (const char *p = ioc_buf_str(&out), *end; r == 0 && *p != '\0';
	    p = end) {
		end = p + strcspn(p, "\n");
		end += *end == '\n';
		r = add_line(&g, p, end, err);
	}
	if (r != 0) {
		ioc_vec_fini(&g.v);
		return (r);
	}
	if (g.v.n > 1)
		qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_name);
	for (size_t i = 1; i < g.v.n; i++)
		if (by_name(&g.v.v[i - 1], &g.v.v[i]) == 0)
			z->odd = true;
	z->groups = g.v.v;
	z->ngroups = g.v.n;
	z->properties = out.len > 0 ? ioc_buf_take(&out) : strdup("");
	return (z->properties != NULL ? 0 : ioc_fail_nomem(err));
}

/* The text of one jail, to be freed; NULL: it has none, or z->odd is set. */
static int
of_listed(struct ioc_zfs *z, const char *name, char **ret,
    struct ioc_error *err)
{
	struct ioc_zfs_group key = { .name = name };
	const struct ioc_zfs_group *g = NULL;
	int r = z->properties == NULL ? read_all(z, err) : 0;

	if (r == 0 && z->ngroups > 0)
		g = bsearch(&key, z->groups, z->ngroups, sizeof(key), by_name);
	if (r != 0 || g == NULL || z->odd)
		return (r);
	*ret = strndup(g->begin, (size_t)(g->end - g->begin));
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

/* --- of one --------------------------------------------------------------------- */

static int
of_one(const char *dataset, char **ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-s", "local", "-o",
	    "name,property,value", "all", dataset), &out, err);

	if (r != 0 || out.len == 0)
		return (r);
	if (strlen(out.data) != out.len)
		return (ioc_fail(err, IOC_FORMAT, "zfs get: a NUL byte"));
	*ret = ioc_buf_take(&out);
	return (0);
}

int
ioc_zfs_properties(struct ioc_store *s, const char *vol,
    ioc_store_property *fn, void *arg, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	auto_free char *text = NULL;
	char dataset[IOC_ZFS_NAME];
	size_t found = 0;
	int r = ioc_zfs_name(z, vol, NULL, dataset, err);
	bool listed = z->listed && ioc_str_starts(vol, "jails/");

	if (r == 0 && listed)
		r = of_listed(z, vol + strlen("jails/"), &text, err);
	/* What can be told apart only one by one is asked for so. */
	if (r == 0 && (!listed || z->odd))
		r = of_one(dataset, &text, err);
	if (r == 0 && text != NULL)
		r = each(text, dataset, fn, arg, &found, err);
	if (r == 0 && found == 0)
		r = ioc_fail(err, IOC_NOT_FOUND, "no property " PREFIX "*");
	return (r);
}
