/* SPDX-License-Identifier: BSD-2-Clause */
/* rc.conf: what was set is what is read, once and again, and nothing else goes. */
#include "fuzz/fuzz.h"

#include <string.h>

#include "conf/rcconf.h"

static void
check(enum ioc_rcconf kind, const char *text, size_t len, const char *key,
    const char *value)
{
	auto_buf struct ioc_buf once = IOC_BUF(2 * IOC_RCCONF_MAX);
	auto_buf struct ioc_buf twice = IOC_BUF(2 * IOC_RCCONF_MAX);
	auto_buf struct ioc_buf got = IOC_BUF(2 * IOC_RCCONF_MAX);

	if (ioc_rcconf_set(kind, text, len, key, value, &once, NULL) != 0)
		return;
	MUST(ioc_rcconf_get(kind, ioc_buf_str(&once), once.len, key, &got,
	    NULL) == 0);
	MUST(strcmp(ioc_buf_str(&got), value) == 0);
	MUST(ioc_rcconf_set(kind, ioc_buf_str(&once), once.len, key, value,
	    &twice, NULL) == 0);
	MUST(once.len == twice.len && memcmp(ioc_buf_str(&once),
	    ioc_buf_str(&twice), once.len) == 0);
	ioc_buf_clear(&got);
	/* Where the key was not, all that was there is there still. */
	if (ioc_rcconf_get(kind, text, len, key, &got, NULL) == IOC_NOT_FOUND)
		MUST(once.len > len && once.len <= len + strlen(key) +
		    2 * strlen(value) + 5);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";

	check(IOC_RCCONF_SHELL, text, size, "k", "NO");
	check(IOC_RCCONF_SHELL, text, size, "cron_flags", "-m '' \"$`\\");
	check(IOC_RCCONF_SYSCTL, text, size, "net.inet.ip.fw.enable", "0");
	return (0);
}
