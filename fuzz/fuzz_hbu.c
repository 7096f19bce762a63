/* SPDX-License-Identifier: BSD-2-Clause */
/* What hbsd-update(8) is told and leaves: its configuration, versions, patterns. */
#include "fuzz/fuzz.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "dist/hardenedbsd_update.h"

static void
check_conf(const char *text)
{
	struct ioc_error err = { 0 };
	struct ioc_hbu_conf c;
	int r = ioc_hbu_conf(text, "amd64", &c, &err);

	MUST(r == err.code && ioc_str_is_utf8(err.msg));
	if (r != 0)
		return;
	/* What a shell would obey is in none of them. */
	for (const char *const *p = (const char *const[]){ c.dnsrec, c.baseurl,
	    c.capath, c.branch, c.kernel, c.dnssec, c.force_ipv4, c.force_ipv6,
	    c.local_resolver, NULL }; *p != NULL; p++)
		MUST(strpbrk(*p, "$`\"'\\ \t\n;&|<>(){}*?[]~#!=") == NULL);
	if (ioc_hbu_conf_source(&c, NULL) == 0)
		MUST(ioc_str_starts(c.baseurl, "https://") &&
		    !ioc_str_ends(c.baseurl, "/"));
	if (ioc_hbu_conf_trust(&c, NULL) == 0)
		MUST(c.capath[0] == '\0' ||
		    (ioc_str_starts(c.capath, "/usr/share/keys/") &&
		    strstr(c.capath, "..") == NULL));
}

static void
check_version(const char *text)
{
	struct ioc_hbu_version v;

	(void)ioc_hbu_pax(text);
	if (ioc_hbu_version(text, &v, NULL) == 0)
		MUST(ioc_str_starts(v.text, "hbsd-v") && v.number > 0 &&
		    strpbrk(v.text, "/ \n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	auto_strv struct ioc_strv patterns = IOC_STRV;

	check_conf(text);
	check_version(text);
	if (ioc_hbu_skipped(text, &patterns, NULL) == 0)
		for (size_t i = 0; i < patterns.n; i++)
			MUST(strchr(patterns.v[i], '\n') == NULL);
	return (0);
}
