/* SPDX-License-Identifier: BSD-2-Clause */
/* Which manifest of a release is followed. */
#ifndef DIST_TRUST_H
#define DIST_TRUST_H

#include "base/buf.h"
#include "safe/manifest.h"

/* Where a manifest comes from, the least trusted first. */
enum ioc_trust {
	IOC_TRUST_MIRROR,	/* or the folder that stands for one */
	IOC_TRUST_PIN,		/* what an earlier fetch has followed */
	IOC_TRUST_SIGNED,	/* the mirror's, signed by an allowed signer */
	IOC_TRUST_HOST,		/* a file in the host's manifest directory */
	IOC_TRUST_ADMIN,	/* a file that the administrator names */
};

struct ioc_trusted {
	enum ioc_trust	 from;
	char		*where;		/* path or URL */
	char		*principal;	/* SIGNED: who has signed it, escaped */
	char		 key[128];	/* SIGNED: "ED25519 SHA256:..." */
	struct ioc_buf	 text;
	char		 sha256[IOC_SHA256_HEX];	/* of the text */
	struct ioc_manifest manifest;
};

#define	IOC_TRUSTED							\
	{ .where = NULL, .text = IOC_BUF(IOC_MANIFEST_BYTES) }

void	ioc_trusted_fini(struct ioc_trusted *t);
#define	auto_trusted	IOC_AUTO(ioc_trusted_fini)

/*
 * 0 when the mirror's manifest may stand beside one that is trusted more: no
 * file that is in both has two hashes.  VERIFY with a sentence that says what to
 * do about it.
 */
int	ioc_trust_compare(const struct ioc_trusted *trusted,
	    const struct ioc_trusted *mirror, struct ioc_error *err);

/* "mirror", "pinned", "signed", "host", "administrator"; and in a sentence. */
const char *ioc_trust_word(enum ioc_trust from);
const char *ioc_trust_sentence(enum ioc_trust from);

#endif /* DIST_TRUST_H */
