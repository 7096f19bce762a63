/* SPDX-License-Identifier: BSD-2-Clause */
/* ioc.conf: whatever is read is what its keys can have. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "conf/hostconf.h"
#include "conf/hostkey.h"

static const char *const keys[] = { "ioc_dir_main", "ioc_dataset_main",
	"ioc_enable", "ioc_lang", "ioc_mirror_DEBIAN", "ioc_proxy",
	"ioc_run_dir", "ioc_tls_ca_file", "ioc_uid_range" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *c = NULL;
	const struct ioc_hostconf_source *s;
	struct ioc_error err = { 0 };
	uint32_t first, count;
	size_t n;
	int r = ioc_hostconf_parse("f", (const char *)data, size, &c, &err);

	if (r != 0) {
		MUST(r == err.code && ioc_str_is_utf8(err.msg));
		return (0);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = ioc_hostconf_get(c, keys[i]);

		MUST(value == NULL ||
		    ioc_hostkey_check(keys[i], value, NULL) == 0);
	}
	n = ioc_hostconf_sources(c, &s);
	for (size_t i = 0; i < n; i++) {
		MUST(s[i].name[0] != '\0' && s[i].where[0] != '\0');
		MUST(s[i].zfs != (s[i].where[0] == '/'));
	}
	ioc_hostconf_uid_range(c, &first, &count);
	MUST(first >= 65536 && count >= 65536 &&
	    (uint64_t)first + count <= UINT32_MAX);
	return (0);
}
