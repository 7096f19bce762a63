/* SPDX-License-Identifier: BSD-2-Clause */
/* Index pages: names are good whatever the page is, and none is made up. */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "safe/name.h"
#include "worker/listing.h"

static void
check_name(const char *name, const uint8_t *data, size_t size)
{
	char again[64];
	auto_buf struct ioc_buf b = IOC_BUF(1024);

	MUST(ioc_name_check(IOC_NAME_SET, name, NULL) == 0);
	MUST(memchr(data, '%', size) != NULL ||
	    memmem(data, size, name, strlen(name)) != NULL);
	(void)ioc_buf_addf(&b, "%s/", name);
	MUST(ioc_listing_name(ioc_buf_str(&b), b.len, again) &&
	    strcmp(again, name) == 0);
}

/* A page of ours with the same names gives the same names. */
static void
check_page(const struct ioc_strv *names)
{
	auto_buf struct ioc_buf b = IOC_BUF(1024 * 1024);
	auto_strv struct ioc_strv again = IOC_STRV;

	for (size_t i = 0; i < names->n; i++)
		(void)ioc_buf_addf(&b, "<p><a class=x href=\"%s/\">y</a>\n",
		    names->v[i]);
	MUST(ioc_listing_parse(ioc_buf_str(&b), b.len, &again, NULL) == 0);
	MUST(again.n == names->n);
	for (size_t i = 0; i < names->n; i++)
		MUST(strcmp(again.v[i], names->v[i]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_error err = { 0 };
	int r = ioc_listing_parse((const char *)data, size, &names, &err);

	MUST(r == 0 || r == IOC_LIMIT);
	MUST(names.n <= IOC_LISTING_NAMES);
	for (size_t i = 0; i < names.n; i++)
		check_name(names.v[i], data, size);
	check_page(&names);
	return (0);
}
