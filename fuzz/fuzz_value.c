/* SPDX-License-Identifier: BSD-2-Clause */
/* Values: "PROPERTY=VALUE"; the normal form is its own normal form. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/value.h"

/* Elements survive being joined and split again. */
static void
check_list(const char *text)
{
	auto_buf struct ioc_buf b = IOC_BUF(SIZE_MAX / 4);
	auto_strv struct ioc_strv a = IOC_STRV, z = IOC_STRV;

	MUST(ioc_value_list(text, &a, NULL) == 0);
	for (size_t i = 0; i < a.n; i++)
		ioc_value_list_add(&b, a.v[i]);
	/* The one list that cannot be told from none. */
	if (a.n == 1 && strcmp(a.v[0], "-") == 0)
		return;
	MUST(ioc_value_list(ioc_buf_str(&b), &z, NULL) == 0);
	MUST(a.n == z.n);
	for (size_t i = 0; i < a.n; i++)
		MUST(strcmp(a.v[i], z.v[i]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *name = fuzz_text(data, size), *once = NULL;
	auto_free char *twice = NULL;
	char *value = strchr(name, '=');
	const struct ioc_prop *p;
	struct ioc_value_limit limit;
	struct ioc_error err = { 0 };

	if (value == NULL)
		return (0);
	*value++ = '\0';
	check_list(value);
	if (ioc_prop_check(name, value, &once, &err) != 0) {
		MUST(once == NULL && err.code != 0 && ioc_str_is_utf8(err.msg));
		return (0);
	}
	MUST(ioc_str_is_utf8(once) && strlen(once) <= IOC_VALUE_MAX);
	MUST(ioc_prop_check(name, once, &twice, NULL) == 0);
	MUST(strcmp(once, twice) == 0);
	p = ioc_prop_find(name);
	MUST(p != NULL);
	if (p->type == IOC_PROP_LIMIT && strcmp(once, "-") != 0)
		MUST(ioc_value_limit(once, &limit, NULL) == 0);
	return (0);
}
