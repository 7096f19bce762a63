/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/bsd.h"

#include "base/buf.h"
#include "safe/file.h"

#define	TOOL_MAX	(1u << 20)	/* bytes of a script of the host */

#define	RC	"etc/rc.conf"
#define	PERIODIC "etc/periodic.conf"
#define	SYSCTL	"etc/sysctl.conf"

const struct ioc_dist_line ioc_bsd_config[] = {
	{ RC, "netif_enable", "NO" },
	{ RC, "sendmail_enable", "NO" },
	{ RC, "sendmail_submit_enable", "NO" },
	{ RC, "sendmail_msp_queue_enable", "NO" },
	{ RC, "sendmail_outbound_enable", "NO" },
	{ RC, "cron_flags", "-m ''" },
	{ RC, "syslogd_flags", "-ss" },
	{ PERIODIC, "daily_clean_hoststat_enable", "NO" },
	{ PERIODIC, "daily_status_mail_rejects_enable", "NO" },
	{ PERIODIC, "daily_status_include_submit_mailq", "NO" },
	{ PERIODIC, "daily_submit_queuerun", "NO" },
	{ SYSCTL, "net.inet.ip.fw.enable", "0" },
	{ NULL, NULL, NULL },
};

const char *const ioc_bsd_defaults[] = {
	"exec_start", "/bin/sh /etc/rc",
	"exec_stop", "/bin/sh /etc/rc.shutdown",
	NULL
};

const char *const ioc_bsd_base_dirs[] = {
	"bin", "boot", "lib", "libexec", "rescue", "sbin", "usr/bin",
	"usr/include", "usr/lib", "usr/lib32", "usr/libdata", "usr/libexec",
	"usr/sbin", "usr/share", NULL
};

/* --- updates ----------------------------------------------------------------------- */

int
ioc_bsd_put(const struct ioc_dist_job *job, const char *name,
    const void *data, size_t len, struct ioc_error *err)
{
	int r = ioc_file_replace(job->updates_fd, name, data, len, 0644,
	    (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, err);

	return (ioc_wrap(err, r, "write %s", name));
}

int
ioc_bsd_put_tool(const struct ioc_dist_job *job, const char *tool,
    const char *name, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TOOL_MAX);
	int r = ioc_file_read_host(tool, &b, err);

	return (r == 0 ? ioc_bsd_put(job, name, ioc_buf_str(&b), b.len, err) :
	    ioc_wrap(err, r, "%s", tool));
}
