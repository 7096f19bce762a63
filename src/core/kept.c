/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/kept.h"

#include <sys/mman.h>

#include <string.h>

#include "base/cleanup.h"
#include "core/release.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"
#include "safe/recorder.h"
#include "safe/tree.h"

#define	KEPT		"kept"
#define	LIST		"kept.json"

/* The hash of the record of a whole directory: names, owners, times, content. */
static int
hash_tree(const struct ioc_kept *k, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	auto_fd int record = memfd_create("ioc-kept", MFD_CLOEXEC);
	struct ioc_recorder r = { .helper_dir = k->helper_dir,
		.dir_fd = k->updates_fd, .out_fd = record };
	int rc = record < 0 ? ioc_fail_errno(err, "memfd") :
	    ioc_record_tree(&r, err);

	return (rc == 0 ? ioc_hash_fd(k->helper_dir, record, hex, err) : rc);
}

int
ioc_kept_drop(int place, struct ioc_error *err)
{
	/* This first: without it the rest is nothing. */
	int r = ioc_path_unlink(place, LIST, IOC_PATH_NOLINKS, err);

	if (r == 0 || r == IOC_NOT_FOUND)
		r = ioc_tree_remove(place, KEPT, err);
	return (ioc_wrap(err, r, "kept updates"));
}

int
ioc_kept_put(const struct ioc_kept *k, unsigned applied,
    const json_t *provenance, struct ioc_error *err)
{
	auto_json json_t *j = NULL;
	char hex[IOC_SHA256_HEX];
	auto_fd int to = -1;
	int r = ioc_kept_drop(k->place_fd, err);

	if (r == 0)
		r = hash_tree(k, hex, err);
	if (r == 0)
		r = to = ioc_path_mkdir(k->place_fd, KEPT, 0700,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_tree_copy(k->updates_fd, to, NULL, NULL, err);
	if (r != 0)
		return (ioc_wrap(err, r, "keep the updates"));
	j = json_pack("{s:i, s:i, s:b, s:i, s:O, s:s}", "schema", 1, "level",
	    (int)k->level, "start", (int)k->at_start, "applied", (int)applied,
	    "provenance", provenance, "record", hex);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_release_write_json(k->place_fd, LIST, j, err);
	return (ioc_wrap(err, r, "keep the updates"));
}

static int
read_list(int place, json_t **ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_file_read(place, LIST, &b, err);

	if (r == 0)
		r = ioc_json_parse(ioc_buf_str(&b), b.len, ret, err);
	return (r);
}

int
ioc_kept_get(const struct ioc_kept *k, unsigned *applied, json_t *provenance,
    struct ioc_error *err)
{
	auto_json json_t *j = NULL;
	auto_fd int from = -1;
	char hex[IOC_SHA256_HEX];
	const char *record;
	int r = read_list(k->place_fd, &j, err);

	if (r == 0 && json_integer_value(json_object_get(j, "level")) !=
	    (json_int_t)k->level)
		return (ioc_fail(err, IOC_NOT_FOUND, "for another level"));
	if (r == 0)
		r = from = ioc_path_dir(k->place_fd, KEPT, IOC_PATH_NOLINKS,
		    err);
	if (r >= 0)
		r = ioc_tree_copy(from, k->updates_fd, NULL, NULL, err);
	/* The copy: nobody else can change it any more. */
	if (r == 0)
		r = hash_tree(k, hex, err);
	if (r != 0)
		return (r);
	record = json_string_value(json_object_get(j, "record"));
	if (record == NULL || strcmp(record, hex) != 0)
		return (ioc_fail(err, IOC_VERIFY, "the updates that were kept "
		    "are not what they were: fetch them again"));
	*applied = (unsigned)json_integer_value(json_object_get(j, "applied"));
	return (json_object_update(provenance, json_object_get(j,
	    "provenance")) == 0 ? 0 : ioc_fail_nomem(err));
}

bool
ioc_kept_at_start(int place)
{
	auto_json json_t *j = NULL;

	return (read_list(place, &j, NULL) == 0 &&
	    json_is_true(json_object_get(j, "start")));
}
