/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: backups, of which only what is asked for is told. */
#include "fake.h"

#include <string.h>

static const char *
shown(const char *s)
{
	return (s != NULL ? s : "-");
}

int
ioc_jail_export(struct ioc_jail *j, const struct ioc_export_options *o,
    struct ioc_error *err)
{
	int r = fake_fail("export", j->f->name, err);

	fake_log("export %s %s %d %s %s %s", j->f->name, shown(o->file),
	    o->format, shown(o->snapshot), shown(o->since),
	    o->compress ? "zstd" : "-");
	return (r == 0 ? fake_step(j->h, "jail.export/write", j->f->name,
	    err) : r);
}

int
ioc_jail_import(struct ioc_host *h, const struct ioc_import_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	const char *name = o->name != NULL ? o->name : "named";
	int r = fake_fail("import", name, err);

	fake_log("import %s %s %s %d", shown(o->name), shown(o->source),
	    shown(o->file), o->format);
	if (r == 0)
		r = fake_step(h, "jail.import/unpack", name, err);
	if (r != 0)
		return (r);
	(void)fake_add(h, name);
	return (ioc_jail_open(h, name, ret, err));
}
