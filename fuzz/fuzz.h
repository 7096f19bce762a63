/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target includes first. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer, or by replay.c for each file of a corpus. */
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define	MUST(cond)							\
	do {								\
		if (!(cond))						\
			abort();					\
	} while (0)

/* The input as a string of its own, to be freed: bytes up to a NUL. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *s = strndup((const char *)data, size);

	MUST(s != NULL);
	return (s);
}

#endif /* FUZZ_FUZZ_H */
