/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fflags.h"

#include <stdio.h>
#include <string.h>

#define	N(a)	(sizeof(a) / sizeof(*(a)))

/* The first name is ours; a bit is the row's number. */
static const char *const names[][4] = {
	{ "uarch", "uarchive" },
	{ "arch", "archived" },
	{ "nodump", NULL },
	{ "opaque", NULL },
	{ "sappnd", "sappend" },
	{ "schg", "schange", "simmutable" },
	{ "sunlnk", "sunlink" },
	{ "uappnd", "uappend" },
	{ "uchg", "uchange", "uimmutable" },
	{ "uunlnk", "uunlink" },
	{ "hidden", "uhidden" },
	{ "offline", "uoffline" },
	{ "rdonly", "urdonly", "readonly" },
	{ "reparse", "ureparse" },
	{ "sparse", "usparse" },
	{ "system", "usystem" },
};

static uint32_t
flag(const char *name, size_t len)
{
	for (size_t i = 0; i < N(names); i++)
		for (size_t k = 0; k < 4 && names[i][k] != NULL; k++)
			if (strlen(names[i][k]) == len &&
			    memcmp(names[i][k], name, len) == 0)
				return (UINT32_C(1) << i);
	return (0);
}

uint32_t
ioc_fflags_parse(const char *text)
{
	uint32_t flags = 0;

	for (size_t n; *text != '\0'; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		flags |= flag(text, n);
	}
	return (flags);
}

const char *
ioc_fflags_text(uint32_t flags, char out[IOC_FFLAGS_TEXT])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < N(names); i++)
		if ((flags & UINT32_C(1) << i) != 0)
			len += (size_t)snprintf(out + len,
			    IOC_FFLAGS_TEXT - len, "%s%s", len > 0 ? "," : "",
			    names[i][0]);
	return (out);
}
