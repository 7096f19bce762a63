/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that downloads: its limits, its patience, its end. */
#include <sys/file.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/strv.h"
#include "fetch_world.h"
#include "safe/worker.h"

/* "Max file size  4194304  4194304  bytes" of our child, once it talks. */
static int
look_at_limits(uint64_t done, uint64_t total, void *arg)
{
	unsigned long long *ret = arg;
	char path[64], line[256];
	DIR *d = opendir("/proc");
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL) {
		FILE *f;
		int parent = 0;

		(void)snprintf(path, sizeof(path), "/proc/%.16s/stat",
		    de->d_name);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		if (fscanf(f, "%*d (ioc-worker) %*c %d", &parent) != 1 ||
		    parent != getpid()) {
			(void)fclose(f);
			continue;
		}
		(void)fclose(f);
		(void)snprintf(path, sizeof(path), "/proc/%.16s/limits",
		    de->d_name);
		f = fopen(path, "re");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL)
			(void)sscanf(line, "Max file size %llu", ret);
		if (f != NULL)
			(void)fclose(f);
	}
	if (d != NULL)
		(void)closedir(d);
	return (0);
}

/* 42, 16: a worker that a server has taken over cannot fill the disk. */
static void
limited(void)
{
	struct ioc_fetch_file f = job(url_of(TLS_GOOD, "/ok"));
	unsigned long long max = 0;
	char text[64];

	how.progress = look_at_limits;
	how.arg = &max;
	check(fetch_one(&f) == 0, "file size", "failed", err.msg);
	how.progress = NULL;
	(void)snprintf(text, sizeof(text), "%llu", max);
	check(max == f.max_bytes, "attack_42 file size", "not limited", text);
}

/* With the 60 seconds lowered to two, by the request to the worker. */
static void
stalled(const char *path)
{
	auto_strv struct ioc_strv request = IOC_STRV;
	struct ioc_worker_job w = {
		.role = IOC_WORKER_FETCH,
		.helper_dir = getenv("HELPER_DIR"),
		.verb = "fetch",
		.fds = &out,
		.nfds = 1,
	};
	uint64_t start = ioc_now_ns();

	(void)ioc_strv_add(&request, "url0");
	(void)ioc_strv_add(&request, url_of(TLS_GOOD, path));
	(void)ioc_strv_add(&request, "max_bytes0");
	(void)ioc_strv_add(&request, "1000000");
	(void)ioc_strv_add(&request, "resume0");
	(void)ioc_strv_add(&request, "0");
	(void)ioc_strv_add(&request, "timeout_ms");
	(void)ioc_strv_add(&request, "30000");
	(void)ioc_strv_add(&request, "slow_s");
	(void)ioc_strv_add(&request, "2");
	(void)ioc_strv_add(&request, "ca_file");
	(void)ioc_strv_add(&request, server.ca);
	w.request = request;
	check(ioc_worker_run(&w, NULL, &err) == IOC_NETWORK &&
	    strstr(err.msg, "stalled: less than 1024 bytes/s for 2 s") != NULL,
	    "attack_42 stalled", path, err.msg);
	check(ioc_now_ns() - start < UINT64_C(8000000000), "attack_42 stalled",
	    "late", path);
	(void)printf("ok    42 stalled: %s\n", err.msg);
}

/* 53: a worker does not outlive who asked for it. */
static void
killed(void)
{
	struct ioc_fetch_file f;
	char path[96];
	pid_t pid;
	int fd, tries = 0;

	(void)snprintf(path, sizeof(path), "%s/killed", server.dir);
	pid = fork();
	if (pid == 0) {
		(void)close(out);
		out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		/* Held for as long as anybody has this open file. */
		if (out < 0 || flock(out, LOCK_EX) != 0)
			_exit(1);
		f = job(url_of(TLS_GOOD, "/stall"));
		_exit(fetch_one(&f) == 0);
	}
	/* Until the worker has got its first bytes. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	while (++tries < 500 && lseek(fd, 0, SEEK_END) != 3)
		(void)poll(NULL, 0, 10);
	check(tries < 500 && flock(fd, LOCK_EX | LOCK_NB) != 0,
	    "attack_53 kill -9", "no transfer", path);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	for (tries = 0; tries < 300 && flock(fd, LOCK_EX | LOCK_NB) != 0;
	    tries++)
		(void)poll(NULL, 0, 10);
	check(tries < 300, "attack_53 kill -9", "the worker lives on", path);
	(void)close(fd);
	(void)unlink(path);
}

void
workers(void)
{
	limited();
	stalled("/stall");
	stalled("/mute");
	killed();
}
