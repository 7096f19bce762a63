/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of hashes, read as either kind; what is taken is read again. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "safe/hash.h"
#include "safe/name.h"
#include "worker/manifest.h"

/* "HASH FILE", of which both are good and stand in the text. */
static void
check_set(const struct ioc_strv *sets, size_t i, const uint8_t *data,
    size_t size)
{
	const char *file = sets->v[i] + IOC_SHA256_HEX;
	char hash[IOC_SHA256_HEX], hex[IOC_SHA256_HEX];

	MUST(strlen(sets->v[i]) > IOC_SHA256_HEX);
	memcpy(hash, sets->v[i], IOC_SHA256_HEX - 1);
	hash[IOC_SHA256_HEX - 1] = '\0';
	MUST(ioc_hash_parse(hash, hex, NULL) == 0 && strcmp(hash, hex) == 0);
	MUST(ioc_name_check(IOC_NAME_SET, file, NULL) == 0);
	MUST(memmem(data, size, file, strlen(file)) != NULL);
	for (size_t j = 0; j < i; j++)
		MUST(strcmp(file, sets->v[j] + IOC_SHA256_HEX) != 0);
}

/* The same list, written by us, gives the same sets. */
static void
check_again(const struct ioc_strv *sets)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_MANIFEST_BYTES);
	auto_strv struct ioc_strv again = IOC_STRV;

	for (size_t i = 0; i < sets->n; i++)
		(void)ioc_buf_addf(&b, "SHA256 (%s) = %.64s\n",
		    sets->v[i] + IOC_SHA256_HEX, sets->v[i]);
	MUST(ioc_manifest_parse(IOC_MANIFEST_SHA256, ioc_buf_str(&b), b.len,
	    &again, NULL) == 0 && again.n == sets->n);
	for (size_t i = 0; i < sets->n; i++)
		MUST(strcmp(again.v[i], sets->v[i]) == 0);
}

static void
feed(enum ioc_manifest_kind kind, const uint8_t *data, size_t size)
{
	auto_strv struct ioc_strv sets = IOC_STRV;
	struct ioc_error err = { 0 };

	if (ioc_manifest_parse(kind, (const char *)data, size, &sets,
	    &err) != 0) {
		MUST(err.code == IOC_FORMAT || err.code == IOC_UNSAFE ||
		    err.code == IOC_LIMIT);
		MUST(err.msg[0] != '\0' && ioc_str_is_utf8(err.msg));
		return;
	}
	MUST(sets.n > 0 && sets.n <= IOC_MANIFEST_SETS);
	MUST(memchr(data, '\r', size) == NULL &&
	    memchr(data, '\0', size) == NULL && data[size - 1] == '\n');
	for (size_t i = 0; i < sets.n; i++)
		check_set(&sets, i, data, size);
	check_again(&sets);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed(IOC_MANIFEST_FREEBSD, data, size);
	feed(IOC_MANIFEST_SHA256, data, size);
	return (0);
}
