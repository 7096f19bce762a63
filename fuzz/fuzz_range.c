/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Range: what is taken is written again, digit by digit but for zeros. */
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "worker/range.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct ioc_range r, again;
	char out[128];

	if (!ioc_range_parse(text, &r))
		return (0);
	MUST(strncmp(text, "bytes ", 6) == 0 && strlen(text) <= 64);
	MUST(r.total < UINT64_C(1000000000000000000));
	if (r.none)
		(void)snprintf(out, sizeof(out), "bytes */%" PRIu64, r.total);
	else
		(void)snprintf(out, sizeof(out), "bytes %" PRIu64 "-%" PRIu64
		    "/%" PRIu64, r.first, r.last, r.total);
	MUST(r.none || (r.first <= r.last && r.last < r.total));
	MUST(ioc_range_parse(out, &again) && again.none == r.none &&
	    again.total == r.total);
	MUST(r.none || (again.first == r.first && again.last == r.last));
	return (0);
}
