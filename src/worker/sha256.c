/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 by libcrypto, and the verb "hash". */
#include "worker/sha256.h"

#include <sys/stat.h>

#include <stdio.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "worker/worker.h"

#define	CHUNK	(256 * 1024)

/* libcrypto's context under a name of our own. */
#define	MD(h)	((EVP_MD_CTX *)(void *)(h))

int
ioc_sha256_new(struct ioc_sha256 **ret, struct ioc_error *err)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md == NULL)
		return (ioc_fail_nomem(err));
	if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(md);
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "libcrypto: no SHA-256"));
	}
	*ret = (struct ioc_sha256 *)(void *)md;
	return (0);
}

void
ioc_sha256_free(struct ioc_sha256 *h)
{
	EVP_MD_CTX_free(MD(h));
}

int
ioc_sha256_add(struct ioc_sha256 *h, const void *data, size_t len,
    struct ioc_error *err)
{
	if (EVP_DigestUpdate(MD(h), data, len) != 1)
		return (ioc_fail(err, IOC_FAILED, "libcrypto: SHA-256 failed"));
	return (0);
}

int
ioc_sha256_reset(struct ioc_sha256 *h, struct ioc_error *err)
{
	/* Without a type it keeps the one it has, which is quick. */
	if (EVP_DigestInit_ex(MD(h), NULL, NULL) != 1)
		return (ioc_fail(err, IOC_FAILED, "libcrypto: SHA-256 failed"));
	return (0);
}

int
ioc_sha256_raw(struct ioc_sha256 *h, uint8_t digest[32],
    struct ioc_error *err)
{
	unsigned len = 0;

	if (EVP_DigestFinal_ex(MD(h), digest, &len) != 1 || len != 32)
		return (ioc_fail(err, IOC_FAILED, "libcrypto: SHA-256 failed"));
	return (0);
}

int
ioc_sha256_hex(struct ioc_sha256 *h, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	uint8_t digest[32];
	int r = ioc_sha256_raw(h, digest, err);

	for (size_t i = 0; r == 0 && i < sizeof(digest); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return (r);
}

static int
hash_all(struct ioc_sha256 *h, int fd, uint64_t total, struct ioc_error *err)
{
	auto_free char *buf = malloc(CHUNK);
	uint64_t done = 0;
	ssize_t n = 1;
	int r = 0;

	if (buf == NULL)
		return (ioc_fail_nomem(err));
	while (r == 0 && n > 0) {
		n = pread(fd, buf, CHUNK, (off_t)done);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return (ioc_fail_errno(err, "hash: read"));
		done += (uint64_t)n;
		r = ioc_sha256_add(h, buf, (size_t)n, err);
		if (r == 0)
			r = ioc_msg_progress(done, done > total ? 0 : total,
			    err);
	}
	return (r);
}

int
ioc_verb_hash(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_PARSE, .dir_fd = -1 };
	auto_sha256 struct ioc_sha256 *h = NULL;
	char hex[IOC_SHA256_HEX];
	struct stat st;
	int r;

	if (fstat(WORKER_FD, &st) != 0)
		return (ioc_fail_errno(err, "hash"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID, "hash: not a regular file"));
	/* Before: it reads its configuration. */
	r = ioc_sha256_new(&h, err);
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = hash_all(h, WORKER_FD, (uint64_t)st.st_size, err);
	if (r == 0)
		r = ioc_sha256_hex(h, hex, err);
	if (r == 0) {
		(void)ioc_strv_add(results, "sha256");
		(void)ioc_strv_add(results, hex);
	}
	return (r);
}
