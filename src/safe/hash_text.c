/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 as text. */
#include "safe/hash.h"

#include <string.h>

#include "base/str.h"

int
ioc_hash_parse(const char *text, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	char out[IOC_SHA256_HEX];
	size_t n = 0;

	for (; n < IOC_SHA256_HEX - 1 && text[n] != '\0'; n++) {
		char c = text[n];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			break;
		out[n] = c;
	}
	if (n != IOC_SHA256_HEX - 1 || text[n] != '\0')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a SHA-256: "
		    "64 hexadecimal digits", IOC_SHOW(text)));
	out[n] = '\0';
	memcpy(hex, out, sizeof(out));
	return (0);
}
