/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/manifest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "safe/file.h"

int
ioc_manifest_read(const char *helper_dir, int fd, enum ioc_manifest_kind kind,
    struct ioc_manifest *ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_MANIFEST_BYTES);
	struct ioc_manifest m = { calloc(256, sizeof(*m.sets)), 0 };
	int r;

	(void)lseek(fd, 0, SEEK_SET);
	r = ioc_file_read_fd(fd, &b, err);
	for (char *s = b.data; r == 0 && s != NULL && *s != '\0';) {
		char *nl = strchr(s, '\n');

		if (nl != NULL)
			*nl = '\0';
		if (sscanf(s, kind == IOC_MANIFEST_FREEBSD ? "%63[^\t ]\t%64s" :
		    "SHA256 (%63[^)]) = %64s", m.sets[m.n].file,
		    m.sets[m.n].sha256) != 2 ||
		    strlen(m.sets[m.n].sha256) != 64)
			r = ioc_fail(err, IOC_FORMAT, "manifest: line");
		else
			m.n++;
		s = nl == NULL ? NULL : nl + 1;
	}
	if (r == 0 && m.n == 0)
		r = ioc_fail(err, IOC_FORMAT, "manifest: empty");
	if (r != 0)
		free(m.sets);
	else
		*ret = m;
	return (r);
}

void
ioc_manifest_fini(struct ioc_manifest *m)
{
	free(m->sets);
	m->sets = NULL;
	m->n = 0;
}

const struct ioc_manifest_set *
ioc_manifest_find(const struct ioc_manifest *m, const char *file)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->sets[i].file, file) == 0)
			return (&m->sets[i]);
	return (NULL);
}

int
ioc_listing_read(const char *helper_dir, int fd, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_LISTING_BYTES);
	int r;

	(void)lseek(fd, 0, SEEK_SET);
	r = ioc_file_read_fd(fd, &b, err);
	for (const char *s = ioc_buf_str(&b); r == 0 &&
	    (s = strstr(s, "href=\"")) != NULL;) {
		size_t n = strcspn(s += 6, "\"/");

		if (n > 0 && s[n] == '/' && s[n + 1] == '"' && s[0] != '.')
			(void)ioc_strv_addn(ret, s, n);
	}
	return (r);
}
