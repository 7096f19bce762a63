/* SPDX-License-Identifier: BSD-2-Clause */
/* What zfs(8) prints; the first byte says how many columns were asked for. */
#include "fuzz/fuzz.h"

#include "base/str.h"
#include "store/zfs_list.h"

struct rows {
	size_t	columns;
	size_t	bytes;		/* of all fields with what ends each */
};

static int
on_row(const char *const *field, void *arg, struct ioc_error *err)
{
	struct rows *rows = arg;
	uint64_t n;
	bool b;

	for (size_t i = 0; i < rows->columns; i++) {
		const char *rest = ioc_zfs_beneath(field[i], "tank/iocage");

		MUST(field[i][0] != '\0' && strlen(field[i]) <= IOC_ZFS_LINE);
		for (const char *p = field[i]; *p != '\0'; p++)
			MUST(*p >= 0x20 && *p < 0x7f);
		MUST(rest == NULL ||
		    (rest > field[i] && strncmp(field[i], "tank/iocage/",
		    strlen("tank/iocage/")) == 0));
		(void)ioc_zfs_bool(field[i], &b, NULL);
		(void)ioc_zfs_number(field[i], &n, NULL);
		rows->bytes += strlen(field[i]) + 1;
	}
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rows rows = { .columns = 1 };
	struct ioc_error err = { 0 };
	char *text;
	int r;

	if (size == 0)
		return (0);
	rows.columns = 1 + data[0] % IOC_ZFS_COLUMNS;
	text = malloc(size);
	MUST(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	r = ioc_zfs_rows(text, size - 1, rows.columns, on_row, &rows, &err);
	/* Nothing is skipped, nothing comes twice. */
	MUST(r != 0 || rows.bytes == size - 1);
	MUST(r == 0 || (r == err.code && ioc_str_is_utf8(err.msg)));
	MUST(rows.bytes <= size);
	free(text);
	return (0);
}
