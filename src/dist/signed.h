/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has signed a manifest, as the host's ssh-keygen(1) says. */
#ifndef DIST_SIGNED_H
#define DIST_SIGNED_H

#include "dist/setsjob.h"

/*
 * Checks the text of a manifest that came from the release's folder against
 * FILE.sig beside it and the signers that the administrator allows; then it is
 * IOC_TRUST_SIGNED, with who has signed.  VERIFY when there is no signature, it
 * is none, of another namespace, text or signer; UNSAFE when others may write to
 * the file of signers; UNSUPPORTED without ssh-keygen.
 */
int	ioc_signed_verify(const struct ioc_setsjob *w, const char *file,
	    struct ioc_trusted *t, struct ioc_error *err);

/* --- the parts, for tests ---------------------------------------------------- */

/* The first name of what "-Y find-principals" printed; false: there is none. */
bool	ioc_signed_principal(const char *text, char *out, size_t outlen);

/*
 * "ED25519 SHA256:..." of the line with which "-Y verify" ends well; false when
 * it is not one.
 */
bool	ioc_signed_key(const char *text, char *out, size_t outlen);

#endif /* DIST_SIGNED_H */
