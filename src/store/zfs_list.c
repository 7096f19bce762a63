/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/zfs_list.h"

#include <string.h>

#include "base/str.h"

static int
fail_line(struct ioc_error *err, size_t line, const char *why)
{
	return (ioc_fail(err, IOC_FORMAT, "line %zu of its output: %s", line,
	    why));
}

/* Splits one line, which ends with a NUL. */
static int
split(char *line, size_t len, size_t columns, const char **field)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\t')
			line[i] = '\0';
		else if (line[i] < 0x20 || line[i] == 0x7f)
			return (-1);
	}
	for (char *p = line; p <= line + len; p += strlen(p) + 1) {
		if (n == columns || *p == '\0')
			return (-1);
		field[n++] = p;
	}
	return (n == columns ? 0 : -1);
}

int
ioc_zfs_rows(char *text, size_t len, size_t columns, ioc_zfs_row_fn *fn,
    void *arg, struct ioc_error *err)
{
	const char *field[IOC_ZFS_COLUMNS];
	size_t no = 1;
	int r;

	/* Nothing at all: there may be no text then. */
	if (len == 0)
		return (0);
	for (char *p = text; p < text + len; no++) {
		char *nl = memchr(p, '\n', (size_t)(text + len - p));

		if (nl == NULL)
			return (fail_line(err, no, "it does not end"));
		if (nl - p > IOC_ZFS_LINE)
			return (ioc_fail(err, IOC_LIMIT, "line %zu of its "
			    "output is longer than %d bytes", no,
			    IOC_ZFS_LINE));
		*nl = '\0';
		if (split(p, (size_t)(nl - p), columns, field) != 0)
			return (fail_line(err, no, "not the fields that were "
			    "asked for"));
		r = fn(field, arg, err);
		if (r != 0)
			return (r);
		p = nl + 1;
	}
	return (0);
}

int
ioc_zfs_bool(const char *field, bool *ret, struct ioc_error *err)
{
	*ret = strcmp(field, "yes") == 0;
	if (*ret || strcmp(field, "no") == 0)
		return (0);
	return (ioc_fail(err, IOC_FORMAT, "\"%s\" is neither yes nor no",
	    IOC_SHOW(field)));
}

int
ioc_zfs_number(const char *field, uint64_t *ret, struct ioc_error *err)
{
	if (ioc_str_to_u64(field, 0, UINT64_MAX, ret, NULL) == 0)
		return (0);
	return (ioc_fail(err, IOC_FORMAT, "\"%s\" is not a number of bytes",
	    IOC_SHOW(field)));
}

const char *
ioc_zfs_beneath(const char *name, const char *dataset)
{
	size_t len = strlen(dataset);

	if (strncmp(name, dataset, len) != 0 || name[len] != '/')
		return (NULL);
	return (name + len + 1);
}
