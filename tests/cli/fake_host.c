/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: its log, its failures, and the host. */
#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uid_t
geteuid(void)
{
	const char *uid = getenv("IOC_FAKE_UID");

	return (uid != NULL ? (uid_t)strtoul(uid, NULL, 10) : 0);
}

void
fake_log(const char *fmt, ...)
{
	const char *name = getenv("IOC_FAKE_LOG");
	auto_file FILE *f = name != NULL ? fopen(name, "ae") : NULL;
	char line[1024];
	va_list ap;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)fprintf(f, "%s\n", line);
}

char *
fake_field(char **rest, char separator)
{
	char *s = *rest, *end;

	if (s == NULL || *s == '\0')
		return (NULL);
	end = strchr(s, separator);
	if (end != NULL)
		*end++ = '\0';
	*rest = end;
	return (s);
}

static int
code_of(const char *name)
{
	for (int code = -1; code >= IOC_FAILED; code--) {
		if (strcmp(ioc_code_name(code), name) == 0)
			return (code);
	}
	abort();
}

int
fake_fail(const char *op, const char *who, struct ioc_error *err)
{
	auto_free char *all = strdup(getenv("IOC_FAKE_FAIL") != NULL ?
	    getenv("IOC_FAKE_FAIL") : "");
	char *rest = all, *one;

	while ((one = fake_field(&rest, ';')) != NULL) {
		char *what = fake_field(&one, '='), *name;
		char *code, *sys;

		name = strchr(what, ':');
		if (name != NULL)
			*name++ = '\0';
		if (strcmp(what, op) != 0 || (name != NULL &&
		    (who == NULL || strcmp(name, who) != 0)))
			continue;
		code = fake_field(&one, ':');
		sys = fake_field(&one, ':');
		(void)ioc_fail(err, code_of(code), "%s", one);
		if (err != NULL)
			err->sys = (int)strtol(sys, NULL, 10);
		return (code_of(code));
	}
	return (0);
}

int
fake_event(struct ioc_host *h, const struct ioc_event *ev)
{
	return (h->o.event != NULL ? h->o.event(ev, h->o.event_arg) : 0);
}

int
fake_step(struct ioc_host *h, const char *what, const char *who,
    struct ioc_error *err)
{
	const char *delay = getenv("IOC_FAKE_DELAY");
	struct timespec ts = { 0, 10 * 1000 * 1000 };
	struct ioc_event ev = { .what = what, .who = who,
		.phase = h->o.dry_run ? IOC_PHASE_PLAN : IOC_PHASE_BEGIN };
	int stop = fake_event(h, &ev), r;

	if (h->o.dry_run)
		return (0);
	for (long ms = delay != NULL ? strtol(delay, NULL, 10) : 0;
	    ms > 0 && stop == 0; ms -= 10) {
		(void)nanosleep(&ts, NULL);
		ev.phase = IOC_PHASE_PROGRESS;
		ev.done += 1 << 20;
		ev.total = 100 << 20;
		ev.bytes = true;
		stop = fake_event(h, &ev);
	}
	ev.phase = IOC_PHASE_DONE;
	r = stop != 0 ? ioc_fail(err, IOC_CANCELED, "canceled") :
	    fake_fail(what, who, err);
	if (r != 0) {
		ev.phase = IOC_PHASE_FAILED;
		ev.err = err;
	}
	(void)fake_event(h, &ev);
	if (r != 0) {
		fake_log("undo %s %s", what, who != NULL ? who : "-");
		ev.phase = IOC_PHASE_UNDO;
		ev.err = NULL;
		(void)fake_event(h, &ev);
	}
	return (r);
}

const char *
ioc_phase_name(enum ioc_phase phase)
{
	static const char *const names[] = { "BEGIN", "PROGRESS", "DONE",
		"FAILED", "UNDO", "SKIPPED", "WARN", "PLAN" };

	return (names[phase]);
}

/* --- host ----------------------------------------------------------------------- */

static void
read_jails(struct ioc_host *h, char *rest)
{
	const char *count = getenv("IOC_FAKE_COUNT");
	char *one, *word, name[32];

	while ((one = fake_field(&rest, ';')) != NULL) {
		struct fake_jail *f = fake_add(h, fake_field(&one, ' '));

		word = fake_field(&one, ' ');
		f->state = word == NULL || strcmp(word, "stopped") == 0 ?
		    IOC_JAIL_STOPPED : strcmp(word, "running") == 0 ?
		    IOC_JAIL_RUNNING : IOC_JAIL_BROKEN;
		f->id = f->state == IOC_JAIL_RUNNING ?
		    (int64_t)(100 + h->jails.n) : 0;
		while ((word = fake_field(&one, ' ')) != NULL) {
			char *key = fake_field(&word, '=');

			fake_set(f, key, word != NULL ? word : "");
		}
	}
	for (long i = 0; count != NULL && i < strtol(count, NULL, 10); i++) {
		(void)snprintf(name, sizeof(name), "jail%04ld", i);
		(void)fake_add(h, name);
	}
}

static void
read_releases(struct ioc_host *h, char *rest)
{
	char *one;

	while ((one = fake_field(&rest, ';')) != NULL) {
		struct fake_release *r = ioc_vec_push(&h->releases);

		r->name = strdup(fake_field(&one, ' '));
		r->level = (unsigned)strtoul(fake_field(&one, ' '), NULL, 10);
		r->distribution = strdup(fake_field(&one, ' '));
		r->version = strdup(one);
	}
}

static char *
setting(const char *name, const char *fallback)
{
	const char *v = getenv(name);

	return (strdup(v != NULL ? v : fallback));
}

int
ioc_host_open(const struct ioc_host_options *o, struct ioc_host **ret,
    struct ioc_error *err)
{
	auto_free char *sources = setting("IOC_FAKE_SOURCES",
	    "ioc dir /var/lib/ioc");
	auto_free char *jails = setting("IOC_FAKE_JAILS",
	    "bad broken;db stopped boot=yes priority=1;"
	    "web running release=bookworm tags=a,b\\,c");
	auto_free char *releases = setting("IOC_FAKE_RELEASES",
	    "bookworm 2 debian 12.8");
	struct ioc_host *h;
	char *rest = sources, *one;
	int r = fake_fail("open", NULL, err);

	fake_log("open config=%s dry_run=%d no_recover=%d source=%s",
	    o->config != NULL ? o->config : "-", o->dry_run, o->no_recover,
	    o->sources != NULL ? o->sources[0] : "-");
	if (r != 0)
		return (r);
	h = calloc(1, sizeof(*h));
	h->o = *o;
	while ((one = fake_field(&rest, ';')) != NULL) {
		struct fake_source *s = &h->sources[h->nsources++];

		s->name = strdup(fake_field(&one, ' '));
		s->store = strdup(fake_field(&one, ' '));
		s->where = strdup(one);
	}
	read_jails(h, jails);
	read_releases(h, releases);
	*ret = h;
	return (0);
}

void
ioc_host_close(struct ioc_host *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->nsources; i++) {
		free(h->sources[i].name);
		free(h->sources[i].store);
		free(h->sources[i].where);
	}
	for (size_t i = 0; i < h->jails.n; i++) {
		struct fake_jail *f = h->jails.v[i];

		for (size_t k = 0; k < f->values.n; k++) {
			free(f->values.v[k].key);
			free(f->values.v[k].value);
		}
		ioc_vec_fini(&f->values);
		free(f->name);
		free(f->source);
		free(f);
	}
	ioc_vec_fini(&h->jails);
	for (size_t i = 0; i < h->releases.n; i++) {
		free(h->releases.v[i].name);
		free(h->releases.v[i].distribution);
		free(h->releases.v[i].version);
	}
	ioc_vec_fini(&h->releases);
	free(h);
}

size_t
ioc_host_sources(const struct ioc_host *h)
{
	return (h->nsources);
}

int
ioc_host_source(const struct ioc_host *h, size_t i, struct ioc_source_info *ret,
    struct ioc_error *err)
{
	*ret = (struct ioc_source_info){ h->sources[i].name,
		h->sources[i].store, h->sources[i].where };
	return (fake_fail("source", ret->name, err));
}

int
ioc_activate_dir(const char *config, const char *path, const char *name,
    struct ioc_error *err)
{
	fake_log("activate %s %s", path, name);
	return (fake_fail("activate", name, err));
}

int
ioc_activate_pool(const char *config, const char *pool, const char *name,
    const char *mountpoint, struct ioc_error *err)
{
	fake_log("activate pool %s %s %s", pool, name,
	    mountpoint != NULL ? mountpoint : "-");
	return (fake_fail("activate", name, err));
}

int
ioc_deactivate(const char *config, const char *where, struct ioc_error *err)
{
	fake_log("deactivate %s", where);
	return (fake_fail("deactivate", where, err));
}

int
ioc_host_recover(struct ioc_host *h, unsigned *n, struct ioc_error *err)
{
	int r = fake_step(h, "host.recover", NULL, err);

	*n = 3;
	return (r);
}

const char *
ioc_host_distribution(const struct ioc_host *h)
{
	return ("debian");
}

size_t
ioc_host_features(struct ioc_host *h, struct ioc_feature *ret, size_t max)
{
	ret[0] = (struct ioc_feature){ "overlay", true, "" };
	ret[1] = (struct ioc_feature){ "idmap", false,
		"the file system of /var/lib/ioc has no id-mapped mounts" };
	return (2);
}
