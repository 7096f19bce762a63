/* SPDX-License-Identifier: BSD-2-Clause */
/* config.json: what can be read can be listed, changed key by key, emptied. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/file.h"

static size_t
count(const struct ioc_conf *c)
{
	auto_strv struct ioc_strv keys = IOC_STRV;

	MUST(ioc_conf_keys(c, &keys, NULL) == 0);
	return (keys.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	auto_strv struct ioc_strv keys = IOC_STRV;
	struct ioc_error err = { 0 };
	int r = ioc_conf_parse((const char *)data, size, &c, &err);

	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		return (0);
	}
	MUST(ioc_conf_keys(c, &keys, NULL) == 0);
	MUST(ioc_conf_copy(c, &copy, NULL) == 0);
	/* Changing is quadratic in the number of nested keys. */
	if (keys.n > 100)
		return (0);
	for (size_t i = 0; i < keys.n; i++) {
		const char *k = keys.v[i];

		MUST(ioc_conf_get(c, k) != NULL);
		MUST(i == 0 || strcmp(keys.v[i - 1], k) < 0);
		MUST(strcmp(ioc_conf_get(copy, k), ioc_conf_get(c, k)) == 0);
		MUST(ioc_conf_set(copy, k, "new", NULL) == 0);
		MUST(strcmp(ioc_conf_get(copy, k), "new") == 0);
	}
	MUST(count(copy) == keys.n);
	for (size_t i = 0; i < keys.n; i++) {
		MUST(ioc_conf_set(copy, keys.v[i], NULL, NULL) == 0);
		MUST(ioc_conf_get(copy, keys.v[i]) == NULL);
		MUST(count(copy) == keys.n - i - 1);
	}
	/* A scalar on the way to each key makes all of them dotted. */
	for (size_t i = 0; i < keys.n; i++) {
		char *dot = strchr(keys.v[i], '.');
		bool there;

		if (dot == NULL)
			continue;
		*dot = '\0';
		there = ioc_conf_get(c, keys.v[i]) != NULL;
		if (!there) {
			size_t before = count(c);

			MUST(ioc_conf_set(c, keys.v[i], "x", NULL) == 0);
			MUST(count(c) == before + 1);
		}
		*dot = '.';
		MUST(ioc_conf_get(c, keys.v[i]) != NULL);
	}
	return (0);
}
