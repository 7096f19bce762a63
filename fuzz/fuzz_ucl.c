/* SPDX-License-Identifier: BSD-2-Clause */
/* Old configurations: what can be read has a meaning, always the same. */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/str.h"
#include "conf/legacy.h"
#include "conf/ucl.h"

static void
print(const struct ioc_conf *c, struct ioc_buf *b)
{
	ioc_buf_clear(b);
	MUST(ioc_conf_print(c, b, NULL) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	auto_buf struct ioc_buf a = IOC_BUF(4 * IOC_JSON_MAX);
	auto_buf struct ioc_buf b = IOC_BUF(4 * IOC_JSON_MAX);
	struct ioc_error err = { 0 };
	int r = ioc_ucl_parse((const char *)data, size, &c, &err);

	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		return (0);
	}
	r = ioc_legacy_read(c, &err);
	if (r != 0) {
		MUST(r == IOC_LIMIT || r == IOC_INVALID);
		return (0);
	}
	print(c, &a);
	MUST(ioc_legacy_read(c, NULL) == 0);
	print(c, &b);
	MUST(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	return (0);
}
