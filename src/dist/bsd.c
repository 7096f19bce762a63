/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/bsd.h"

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
