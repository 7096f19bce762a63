/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: the first byte is the kind; nothing dangerous is ever accepted. */
#include "fuzz/fuzz.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/name.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *name = NULL;
	struct ioc_error err = { 0 };
	enum ioc_name kind;

	if (size == 0)
		return (0);
	kind = (enum ioc_name)(data[0] % (IOC_NAME_COMPONENT + 1));
	name = fuzz_text(data + 1, size - 1);
	if (ioc_name_check(kind, name, &err) != 0) {
		MUST(err.code == IOC_INVALID && ioc_str_is_utf8(err.msg));
		return (0);
	}
	MUST(name[0] != '\0' && strlen(name) <= 255);
	MUST(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	MUST(name[0] != '/');
	MUST(kind == IOC_NAME_DATASET || strchr(name, '/') == NULL);
	if (kind == IOC_NAME_COMPONENT)
		return (0);
	MUST(name[0] != '-');
	for (const char *s = name; *s != '\0'; s++)
		MUST(*s > ' ' && *s < 0x7f &&
		    strchr("\"'`\\;&|<>(){}*?#~!%", *s) == NULL);
	MUST(kind == IOC_NAME_USER || strchr(name, '$') == NULL);
	return (0);
}
