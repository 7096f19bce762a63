/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts of a backup, with a NUL between them: an index that is accepted says
 * the same when it is printed; of a configuration only what a tenant may say is
 * taken, and of nothing else it is silent.
 */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/file.h"
#include "core/backup.h"
#include "ioc/config.h"

struct told {
	const struct ioc_strv *names;
	size_t		 n;
};

static void
on_dropped(const char *what, const char *why, void *arg)
{
	struct told *t = arg;

	MUST(what[0] != '\0' && why[0] != '\0');
	MUST(t->names == NULL || ioc_strv_has(t->names, what));
	t->n++;
}

static void
check_index(const char *text, size_t len)
{
	auto_buf struct ioc_buf b = IOC_BUF(64 * 1024);
	struct ioc_backup_index one, two;
	struct ioc_error err = { 0 };

	if (ioc_backup_index_parse(text, len, &one, &err) != 0) {
		MUST(err.code < 0 && ioc_str_is_utf8(err.msg));
		return;
	}
	MUST(ioc_backup_index_print(&one, &b, NULL) == 0);
	MUST(ioc_backup_index_parse(b.data, b.len, &two, NULL) == 0);
	MUST(memcmp(&one, &two, sizeof(one)) == 0);
	MUST((one.kind == IOC_KIND_INCREMENTAL) == (one.base[0] != '\0'));
}

static void
check_config(const char *text, size_t len)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	auto_strv struct ioc_strv names = IOC_STRV;
	auto_free struct ioc_change *v = NULL;
	struct told t = { .names = &names };
	size_t n, ours = 0;

	if (ioc_conf_parse(text, len, &c, NULL) != 0)
		return;
	MUST(ioc_backup_reduce(c, &v, &n, &names, on_dropped, &t, NULL) == 0);
	for (size_t i = 0; i < n; i++) {
		auto_free char *normal = NULL;

		MUST(ioc_prop_find(v[i].name)->scope == IOC_SCOPE_TENANT);
		MUST(ioc_prop_check(v[i].name, v[i].value, &normal, NULL) == 0);
	}
	for (size_t i = 0; i < names.n; i++) {
		const struct ioc_prop *p = ioc_prop_find(names.v[i]);

		ours += p != NULL && p->scope == IOC_SCOPE_INTERNAL;
	}
	MUST(n + t.n <= names.n && n + t.n + ours >= names.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *part[3] = { "", "", "" };
	struct told t = { .names = NULL };
	char *all = malloc(size + 1);

	MUST(all != NULL);
	if (size > 0)
		memcpy(all, data, size);
	all[size] = '\0';
	for (size_t i = 0, at = 0; i < 3 && at <= size; i++) {
		part[i] = all + at;
		at += strlen(all + at) + 1;
	}
	check_index(part[0], strlen(part[0]));
	check_config(part[1], strlen(part[1]));
	(void)ioc_backup_mounts(part[2], on_dropped, &t, NULL);
	free(all);
	return (0);
}
