/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker that an attacker has taken over says of lists and downloads:
 * its results are what stands in the file that it gets.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "dist/cache.h"
#include "safe/backup.h"
#include "safe/fetch.h"
#include "safe/manifest.h"
#include "safe/merge.h"

#define	A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"				\
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define	TEXT(s)	s, sizeof(s)

static struct ioc_error err;

static int
file_of(const void *data, size_t len)
{
	char path[] = "/tmp/ioc-unit-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, data, len), len);
	memset(&err, 0, sizeof(err));
	return (fd);
}

static int
manifest(const void *data, size_t len, struct ioc_manifest *m)
{
	auto_fd int fd = file_of(data, len);

	return (ioc_manifest_read(getenv("HOSTILE_DIR"), fd,
	    IOC_MANIFEST_FREEBSD, m, &err));
}

static void
test_manifest(void **state)
{
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest m = { NULL, 0 };
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest n = { NULL, 0 };
	static const struct {
		const char	*text;
		size_t		 len;
	} bad[] = {
		{ TEXT("missing\0") }, { TEXT("set\0") },
		{ TEXT("set\0" A) }, { TEXT("set\0" A " ") },
		{ TEXT("set\0" A " ../x") }, { TEXT("set\0" A " a/b") },
		{ TEXT("set\0" A "ax") }, { TEXT("set\0x" A " b") },
		{ TEXT("set\0" A " a\033b") }, { TEXT("set\0" A " -x") },
		{ TEXT("set\0" A " x\0set\0" A " x") },
		{ TEXT("set\0" A " " A) },
	};

	assert_int_equal(manifest(TEXT("missing\0\0set\0" A " base.txz"), &m),
	    0);
	assert_int_equal(m.n, 1);
	assert_string_equal(ioc_manifest_find(&m, "base.txz")->sha256, A);
	assert_null(ioc_manifest_find(&m, "base"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(manifest(bad[i].text, bad[i].len, &n),
		    IOC_FORMAT);
		print_message("%s\n", err.msg);
		assert_null(n.sets);
	}
}

static void
test_manifest_many(void **state)
{
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest m = { NULL, 0 };
	auto_buf struct ioc_buf b = IOC_BUF(1024 * 1024);

	for (int i = 0; i <= IOC_MANIFEST_SETS; i++)
		(void)ioc_buf_addf(&b, "set%c%s %d%c", 0, A, i, 0);
	assert_int_equal(manifest(b.data, b.len, &m), IOC_FORMAT);
}

static int
listing(const void *data, size_t len, struct ioc_strv *ret)
{
	auto_fd int fd = file_of(data, len);

	return (ioc_listing_read(getenv("HOSTILE_DIR"), fd, ret, &err));
}

static void
test_listing(void **state)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	static const struct {
		const char	*text;
		size_t		 len;
	} bad[] = {
		{ TEXT("missing\0") }, { TEXT("names\0a") },
		{ TEXT("names\0/") }, { TEXT("names\0a//") },
		{ TEXT("names\0../") }, { TEXT("names\0a/-x/") },
		{ TEXT("names\0a\nb/") }, { TEXT("names\0" A "/") },
	};

	(void)ioc_strv_add(&v, "old");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(listing(bad[i].text, bad[i].len, &v),
		    IOC_FORMAT);
	assert_int_equal(v.n, 1);
	assert_int_equal(listing(TEXT("names\0a/b/"), &v), 0);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[1], "b");
	assert_int_equal(listing(TEXT("names\0"), &v), 0);
	assert_int_equal(v.n, 0);
}

/* Before any worker sees it. */
static void
test_inputs(void **state)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	struct ioc_manifest m;
	auto_fd int fd = file_of("", 0), dir = open("/", O_RDONLY);

	assert_int_equal(ftruncate(fd, IOC_MANIFEST_BYTES + 1), 0);
	assert_int_equal(ioc_manifest_read("/nonexistent", fd,
	    IOC_MANIFEST_SHA256, &m, &err), IOC_LIMIT);
	assert_int_equal(ftruncate(fd, IOC_LISTING_BYTES + 1), 0);
	assert_int_equal(ioc_listing_read("/nonexistent", fd, &v, &err),
	    IOC_LIMIT);
	assert_int_equal(ioc_listing_read("/nonexistent", dir, &v, &err),
	    IOC_INVALID);
}

static void
test_fetch(void **state)
{
	static const struct {
		const char	*text;
		size_t		 len;
		int		 code;
	} rows[] = {
		{ TEXT("sha2560\0" A "\0size0\00092\0pieced0\0000"), 0 },
		{ TEXT("sha2560\0" A "\0size0\00095\0pieced0\0000"), IOC_FORMAT },
		{ TEXT("sha2560\0" A "\0size0\0-1\0pieced0\0000"), IOC_FORMAT },
		{ TEXT("sha2560\0" A "\0size0\000200\0pieced0\0000"), IOC_FORMAT },
		{ TEXT("sha2560\0" A "a\0size0\00093\0pieced0\0000"), IOC_FORMAT },
		{ TEXT("sha2561\0" A "\0size0\00092\0pieced0\0000"), IOC_FORMAT },
		{ TEXT("sha2560\0" A "\0size0\00082"), IOC_FORMAT },
		{ TEXT("size0\0008"), IOC_FORMAT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_fd int fd = file_of(rows[i].text, rows[i].len);
		struct ioc_fetch f = { .helper_dir = getenv("HOSTILE_DIR") };
		struct ioc_fetch_file file = {
			.url = "https://localhost/x",
			.out_fd = fd,
			.max_bytes = 100,
		};

		print_message("%zu: %zu\n", i, rows[i].len);
		assert_int_equal(ioc_fetch_urls(&f, &file, 1, &err),
		    rows[i].code);
		assert_string_equal(file.hex, rows[i].code == 0 ? A : "");
	}
}

/* It cannot have the same file fetched for ever. */
static void
test_cache(void **state)
{
	static const char says[] = "sha2560\0" A "\0size0\00092\0pieced0\0001";
	char top[] = "/tmp/ioc-unit-XXXXXX";
	char url[] = "https://localhost/x";
	struct ioc_cache_file file = { .where = url };
	struct ioc_dist_job job = { .helper_dir = getenv("HOSTILE_DIR") };
	char part[IOC_SHA256_HEX + 16];
	auto_fd int cache = -1;
	int fd;

	assert_non_null(mkdtemp(top));
	job.cache_fd = cache = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(file.sha256, 'b', sizeof(file.sha256) - 1);
	(void)snprintf(part, sizeof(part), "%s.part", file.sha256);
	fd = openat(cache, part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, says, sizeof(says)), sizeof(says));
	assert_int_equal(close(fd), 0);
	assert_int_equal(ioc_cache_obtain(&job, -1, &file, 1, &err),
	    IOC_VERIFY);
	assert_true(file.fd < 0);
	assert_int_equal(unlinkat(cache, part, 0), -1);
	(void)snprintf(part, sizeof(part), "%s.lock", file.sha256);
	(void)unlinkat(cache, part, 0);
	assert_int_equal(rmdir(top), 0);
}

/* The base is what it says; ours is "0123456789", theirs "abcdefghij". */
static void
test_merge(void **state)
{
	static const struct {
		const char	*text;
		size_t		 len;
		const char	*merged;	/* NULL: a lie */
		unsigned	 conflicts;
	} rows[] = {
		{ TEXT("runs\0o0+10 t2+3 "), "0123456789cde", 0 },
		{ TEXT("runs\0"), "", 0 },
		{ TEXT("runs\0<0+0 o0+1 |0+0 =0+0 t0+1 >0+0 "),
		    "<<<<<<< jail\n0\n||||||| old release\n=======\na\n"
		    ">>>>>>> new release\n", 1 },
		{ TEXT("missing\0"), NULL, 0 },
		{ TEXT("runs\0o0+11 "), NULL, 0 },
		{ TEXT("runs\0o11+0 "), NULL, 0 },
		{ TEXT("runs\0o9+2 "), NULL, 0 },
		{ TEXT("runs\0o-1+2 "), NULL, 0 },
		{ TEXT("runs\0o0+ "), NULL, 0 },
		{ TEXT("runs\0o0+99999999999999999999 "), NULL, 0 },
		{ TEXT("runs\0o0+1"), NULL, 0 },
		{ TEXT("runs\0x0+1 "), NULL, 0 },
		{ TEXT("runs\0<0+0 "), NULL, 0 },
		{ TEXT("runs\0>0+0 "), NULL, 0 },
		{ TEXT("runs\0<0+0 =0+0 >0+0 "), NULL, 0 },
		{ TEXT("runs\0<1+0 |0+0 =0+0 >0+0 "), NULL, 0 },
		{ TEXT("why\0" "because"), NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_fd int base = file_of(rows[i].text, rows[i].len);
		auto_fd int ours = file_of("0123456789", 10);
		auto_fd int theirs = file_of("abcdefghij", 10);
		auto_buf struct ioc_buf out = IOC_BUF(1000);
		struct ioc_merge m = { .helper_dir = getenv("HOSTILE_DIR"),
			.base = base, .ours = ours, .theirs = theirs };
		unsigned conflicts = 0;
		const char *why;

		print_message("%s\n", rows[i].text + 5);
		assert_int_equal(ioc_merge_files(&m, &out, &conflicts, &why,
		    &err), rows[i].merged != NULL ? 0 : IOC_FORMAT);
		assert_null(why);
		assert_string_equal(ioc_buf_str(&out), rows[i].merged != NULL ?
		    rows[i].merged : "");
		assert_int_equal(conflicts, rows[i].conflicts);
	}
}

/* TEXT() ends with one more NUL, which ends the last value. */
static void
test_backup_head(void **state)
{
	static const struct {
		const char	*text;
		size_t		 len;
		int		 code;
	} rows[] = {
		{ TEXT("config.json\0{}\0config.json.sha256\0" A "\0"
		    "ioc-backup.json\0{}\0ioc-backup.json.sha256\0" A "\0"
		    "old\0" "0"), 0 },
		{ TEXT("config.json\0{}\0config.json.sha256\0" A "\0old\0"
		    "1"), 0 },
		/* Neither of the two kinds. */
		{ TEXT("config.json\0{}\0config.json.sha256\0" A "\0old\0"
		    "0"), IOC_FORMAT },
		{ TEXT("config.json\0{}\0config.json.sha256\0" A "\0"
		    "ioc-backup.json\0{}\0ioc-backup.json.sha256\0" A "\0"
		    "old\0" "1"), IOC_FORMAT },
		{ TEXT("old\0" "1"), IOC_FORMAT },
		{ TEXT("config.json\0{}\0old\0" "1"), IOC_FORMAT },
		{ TEXT("config.json\0{}\0config.json.sha256\0x" A "\0old\0"
		    "1"), IOC_FORMAT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		IOC_AUTO(ioc_backup_head_fini) struct ioc_backup_head h = {
			.old = false,
		};
		auto_fd int fd = file_of(rows[i].text, rows[i].len);

		assert_int_equal(ioc_backup_read_head(getenv("HOSTILE_DIR"), fd,
		    &h, &err), rows[i].code);
		if (rows[i].code == 0)
			assert_string_equal(h.text[IOC_TEXT_CONFIG], "{}");
	}
}

UNIT_MAIN(
    cmocka_unit_test(test_backup_head),
    cmocka_unit_test(test_manifest),
    cmocka_unit_test(test_manifest_many),
    cmocka_unit_test(test_listing),
    cmocka_unit_test(test_merge),
    cmocka_unit_test(test_inputs),
    cmocka_unit_test(test_cache),
    cmocka_unit_test(test_fetch))
