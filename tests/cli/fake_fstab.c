/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: the fstab of a jail, as IOC_FAKE_FSTAB has it. */
#include "fake.h"

#include <string.h>

/* IOC_FAKE_FSTAB is "SOURCE TARGET TYPE OPTIONS [COMMENT];...". */
struct ioc_fstab {
	char		*text;
	struct ioc_fstab_entry v[8];
	size_t		 n;
};

int
ioc_jail_fstab(struct ioc_jail *j, struct ioc_fstab **ret,
    struct ioc_error *err)
{
	const char *env = getenv("IOC_FAKE_FSTAB");
	struct ioc_fstab *f = calloc(1, sizeof(*f));
	char *rest, *line;
	int r = fake_fail("fstab", j->f->name, err);

	if (r != 0) {
		free(f);
		return (r);
	}
	rest = f->text = strdup(env != NULL ? env : "");
	while (f->n < 8 && (line = fake_field(&rest, ';')) != NULL) {
		struct ioc_fstab_entry *e = &f->v[f->n];

		e->source = fake_field(&line, ' ');
		e->target = fake_field(&line, ' ');
		e->type = fake_field(&line, ' ');
		e->options = fake_field(&line, ' ');
		e->comment = fake_field(&line, ' ');
		f->n += e->options != NULL;
	}
	*ret = f;
	return (0);
}

size_t
ioc_fstab_count(const struct ioc_fstab *f)
{
	return (f->n);
}

const struct ioc_fstab_entry *
ioc_fstab_at(const struct ioc_fstab *f, size_t i)
{
	return (&f->v[i]);
}

void
ioc_fstab_free(struct ioc_fstab *f)
{
	if (f != NULL)
		free(f->text);
	free(f);
}

static const char *
shown(const char *s)
{
	return (s != NULL ? s : "-");
}

int
ioc_jail_fstab_add(struct ioc_jail *j, const struct ioc_fstab_entry *e,
    struct ioc_error *err)
{
	int r = fake_fail("fstab_add", j->f->name, err);

	fake_log("fstab_add %s %s %s %s %s %u %u %s", j->f->name, e->source,
	    shown(e->target), shown(e->type), shown(e->options), e->freq,
	    e->passno, shown(e->comment));
	if (r == 0)
		r = fake_step(j->h, "fstab.add/write", j->f->name, err);
	return (r == 0 ? fake_step(j->h, "fstab.add/mount", j->f->name, err) :
	    r);
}

int
ioc_jail_fstab_remove(struct ioc_jail *j, const char *what,
    struct ioc_error *err)
{
	int r = fake_fail("fstab_remove", j->f->name, err);

	fake_log("fstab_remove %s %s", j->f->name, what);
	return (r == 0 ? fake_step(j->h, "fstab.remove/write", j->f->name,
	    err) : r);
}
