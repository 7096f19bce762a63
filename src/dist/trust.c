/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/trust.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char	*word;
	const char	*sentence;	/* what the hashes were checked against */
	const char	*whose;		/* "but HASH in ..." */
	const char	*advice;
} levels[] = {
	[IOC_TRUST_MIRROR] = { "mirror",
	    "SHA-256 of a manifest that came from the mirror itself", NULL, NULL },
	[IOC_TRUST_PIN] = { "pinned",
	    "SHA-256 of the manifest that an earlier fetch has followed",
	    "the manifest that was followed before",
	    "if the new one is right, check it and give it with --manifest" },
	[IOC_TRUST_SIGNED] = { "signed",
	    "SHA-256 of a manifest that an allowed signer has signed",
	    NULL, NULL },
	[IOC_TRUST_HOST] = { "host",
	    "SHA-256 of a manifest of this host",
	    "this host's manifest",
	    "use another mirror, or give a manifest that you trust with "
	    "--manifest" },
	[IOC_TRUST_ADMIN] = { "administrator",
	    "SHA-256 of a manifest given by the administrator",
	    "the manifest that was given",
	    "use another mirror" },
};

void
ioc_trusted_fini(struct ioc_trusted *t)
{
	free(take_ptr(t->where));
	free(take_ptr(t->principal));
	ioc_buf_fini(&t->text);
	ioc_manifest_fini(&t->manifest);
}

int
ioc_trust_compare(const struct ioc_trusted *trusted,
    const struct ioc_trusted *mirror, struct ioc_error *err)
{
	for (size_t i = 0; i < trusted->manifest.n; i++) {
		const struct ioc_manifest_set *a = &trusted->manifest.sets[i];
		const struct ioc_manifest_set *b =
		    ioc_manifest_find(&mirror->manifest, a->file);

		if (b == NULL || strcmp(a->sha256, b->sha256) == 0)
			continue;
		return (ioc_fail(err, IOC_VERIFY, "%s has another SHA-256 in "
		    "%s (%s) than in %s (%s): %s", IOC_SHOW(a->file),
		    IOC_SHOW(mirror->where), b->sha256,
		    levels[trusted->from].whose, a->sha256,
		    levels[trusted->from].advice));
	}
	return (0);
}

const char *
ioc_trust_word(enum ioc_trust from)
{
	return (levels[from].word);
}

const char *
ioc_trust_sentence(enum ioc_trust from)
{
	return (levels[from].sentence);
}
