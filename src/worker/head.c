/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "head": the texts of a backup, and their hashes. */
#include <string.h>

#include "base/str.h"
#include "worker/member.h"
#include "worker/worker.h"

#define	OLD_MEMBERS	2000000		/* of an archive of libioc */

struct head {
	struct ioc_reader *rd;
	struct ioc_sha256 *hash;
	struct ioc_strv	*results;
	unsigned	 seen;		/* a bit for each text */
	bool		 old;
};

static int
take(struct head *h, enum ioc_backup_part part, struct ioc_error *err)
{
	auto_buf struct ioc_buf text = IOC_BUF(IOC_BACKUP_TEXT);
	const char *name = ioc_backup_texts[part];
	char hex[IOC_SHA256_HEX];
	int r;

	if ((h->seen & 1u << part) != 0)
		return (ioc_fail(err, IOC_FORMAT, "member \"%s\" is there "
		    "twice", name));
	h->seen |= 1u << part;
	r = ioc_part_text(h->rd, name, h->hash, &text, hex, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(h->results, name);
	(void)ioc_strv_add(h->results, ioc_buf_str(&text));
	(void)ioc_strv_addf(h->results, "%s.sha256", name);
	return (ioc_strv_add(h->results, hex) == 0 ? 0 :
	    ioc_strv_check(h->results, err));
}

/* Ours begins with its texts; those of libioc lie anywhere. */
static int
members(struct head *h, struct ioc_error *err)
{
	struct archive_entry *e;
	uint64_t n = 0;
	int r;

	for (;; n++) {
		enum ioc_backup_part part;

		r = ioc_reader_next(h->rd, &e, err);
		if (r != 0 || e == NULL)
			return (r);
		if (n == 0) {
			const char *path = archive_entry_pathname(e);

			h->old = path != NULL && path[0] == '.' &&
			    (path[1] == '/' || path[1] == '\0');
		}
		if (n > OLD_MEMBERS)
			return (ioc_fail(err, IOC_LIMIT, "more than %d members",
			    OLD_MEMBERS));
		part = ioc_part_of(e, h->old, NULL);
		if (h->old && part >= IOC_PART_ROOT) {
			r = ioc_msg_progress(ioc_reader_consumed(h->rd), 0,
			    err);
			if (r != 0)
				return (r);
			continue;
		}
		if (part >= IOC_PART_ROOT)
			return (0);
		r = take(h, part, err);
		if (r != 0)
			return (r);
	}
}

int
ioc_verb_head(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_PARSE, .dir_fd = -1 };
	IOC_AUTO(ioc_reader_closep) struct ioc_reader *rd = NULL;
	auto_sha256 struct ioc_sha256 *hash = NULL;
	struct head h = { .results = results };
	int r = ioc_sha256_new(&hash, err);

	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = ioc_reader_open(WORKER_FD, 1, &rd, err);
	h.rd = rd;
	h.hash = hash;
	if (r == 0)
		r = members(&h, err);
	if (r == 0 && (h.seen & 1u << IOC_PART_CONFIG) == 0)
		r = ioc_fail(err, IOC_FORMAT, "it is not a backup of a jail");
	if (r != 0)
		return (r);
	(void)ioc_strv_add(results, "old");
	(void)ioc_strv_add(results, h.old ? "1" : "0");
	return (0);
}
