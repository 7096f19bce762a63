/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws what the library tells while it works, and passes Ctrl-C to it. */
#include "progress.h"

#include <sys/ioctl.h>

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "out.h"

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
	/* The second one ends the program: what is half done is mended by the
	   next run. */
	if (caught != 0) {
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
	}
	caught = sig;
}

void
progress_catch(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };

	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < 3; i++) {
		struct sigaction old;

		/* nohup(1) and background jobs have asked not to be bothered. */
		if (sigaction(sigs[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(sigs[i], &sa, NULL);
	}
}

int
progress_caught(void)
{
	return (caught);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

void
progress_clear(struct progress *p)
{
	if (p->drawn)
		(void)fputs("\r\033[K", stderr);
	p->drawn = false;
}

static size_t
columns(void)
{
	struct winsize ws;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20)
		return (ws.ws_col);
	return (80);
}

/* "web: jail.start/mount", shown harmlessly. */
static void
label(char out[200], const struct ioc_event *ev)
{
	(void)snprintf(out, 200, "%s%s%s", ev->who != NULL ? SHOW(ev->who) : "",
	    ev->who != NULL ? ": " : "", ev->what);
}

/* One line that is replaced by the next; cut so that it never wraps. */
static void
draw(struct progress *p, const char *left, const char *right)
{
	size_t room = columns() - 1, n = strlen(right);
	uint32_t cp;
	size_t len = 0, used = 0;

	room = room > n ? room - n : 0;
	while (left[len] != '\0' && used < room) {
		len += utf8_next(left + len, &cp);
		used++;
	}
	(void)fprintf(stderr, "\r%.*s%s\033[K", (int)len, left, right);
	(void)fflush(stderr);
	p->drawn = true;
}

static void
take_rate(struct progress *p, const struct ioc_event *ev, uint64_t now)
{
	uint64_t ms = now - p->rate_at;
	double rate;

	if (ev->done < p->rate_done)
		p->rate_done = 0;
	if (ms < 250 && p->rate > 0)
		return;
	rate = (double)(ev->done - p->rate_done) * 1000 / (ms > 0 ? (double)ms : 1);
	p->rate = p->rate > 0 ? p->rate * 0.7 + rate * 0.3 : rate;
	p->rate_at = now;
	p->rate_done = ev->done;
}

/* "[=====>     ]  45%  12.3M/s  0:12" */
static void
bar(const struct progress *p, const struct ioc_event *ev, char *out, size_t len)
{
	char fill[21], done[8], rate[16] = "", left[24] = "", human[8];
	unsigned percent, n;

	out_human(done, ev->done);
	if (ev->bytes && p->rate > 0) {
		out_human(human, (uint64_t)p->rate);
		(void)snprintf(rate, sizeof(rate), "  %5s/s", human);
	}
	if (!ev->bytes)
		(void)snprintf(done, sizeof(done), "%u",
		    (unsigned)(ev->done > 999999 ? 999999 : ev->done));
	if (ev->total == 0) {
		(void)snprintf(out, len, "  %s%s", done, rate);
		return;
	}
	percent = ev->done >= ev->total ? 100 :
	    (unsigned)((double)ev->done * 100 / (double)ev->total);
	n = percent / 5;
	memset(fill, ' ', 20);
	memset(fill, '=', n);
	if (n > 0 && n < 20)
		fill[n - 1] = '>';
	fill[20] = '\0';
	if (p->rate > 0 && ev->done < ev->total) {
		double s = (double)(ev->total - ev->done) / p->rate;
		unsigned secs = s > 359999 ? 359999 : (unsigned)(s + 0.5);

		(void)snprintf(left, sizeof(left), "  %u:%02u", secs / 60,
		    secs % 60);
	}
	(void)snprintf(out, len, "  [%s] %3u%%%s%s", fill, percent, rate, left);
}

static void
draw_progress(struct progress *p, const struct ioc_event *ev)
{
	uint64_t now = now_ms();
	char left[200], right[100];

	take_rate(p, ev, now);
	/* Often enough for the eye, seldom enough for the work. */
	if (p->drawn && now - p->drawn_at < 100 && ev->done < ev->total)
		return;
	p->drawn_at = now;
	label(left, ev);
	bar(p, ev, right, sizeof(right));
	draw(p, left, right);
}

static void
on_bar(struct progress *p, const struct ioc_event *ev)
{
	uint64_t ms = now_ms() - p->begun;
	char text[200];

	label(text, ev);
	switch (ev->phase) {
	case IOC_PHASE_BEGIN:
		p->begun = p->rate_at = now_ms();
		p->rate = 0;
		p->rate_done = 0;
		draw(p, text, " ...");
		break;
	case IOC_PHASE_PROGRESS:
		draw_progress(p, ev);
		break;
	case IOC_PHASE_DONE:
		progress_clear(p);
		/* What took long, or all of it in detail, stays. */
		if (ms >= 1000 || p->level == LEVEL_DEBUG)
			(void)fprintf(stderr, "%s  %u.%us\n", text,
			    (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
		break;
	case IOC_PHASE_FAILED:
		progress_clear(p);
		if (p->level == LEVEL_DEBUG)
			(void)fprintf(stderr, "%s: failed\n", text);
		break;
	case IOC_PHASE_UNDO:
		draw(p, text, ": undone");
		break;
	case IOC_PHASE_SKIPPED:
	case IOC_PHASE_WARN:
	case IOC_PHASE_PLAN:
		break;
	}
}

static void
on_line(struct progress *p, const struct ioc_event *ev)
{
	static const char *const words[] = {
		[IOC_PHASE_BEGIN] = "",
		[IOC_PHASE_FAILED] = ": failed",
		[IOC_PHASE_UNDO] = ": undone",
		[IOC_PHASE_SKIPPED] = ": skipped",
	};
	char text[200];

	label(text, ev);
	if (ev->phase == IOC_PHASE_BEGIN)
		p->begun = now_ms();
	if (ev->phase == IOC_PHASE_DONE && p->level == LEVEL_DEBUG) {
		uint64_t ms = now_ms() - p->begun;

		(void)fprintf(stderr, "%s: done in %u.%03us\n", text,
		    (unsigned)(ms / 1000), (unsigned)(ms % 1000));
	} else if (ev->phase <= IOC_PHASE_SKIPPED && words[ev->phase] != NULL)
		(void)fprintf(stderr, "%s%s\n", text, words[ev->phase]);
}

static void
on_json(const struct ioc_event *ev)
{
	struct json j;

	json_open(&j, stderr, false);
	json_key(&j, "event");
	json_text(&j, ev->what);
	json_key(&j, "phase");
	json_text(&j, ioc_phase_name(ev->phase));
	json_key(&j, "who");
	json_text(&j, ev->who);
	if (ev->phase == IOC_PHASE_PROGRESS) {
		json_key(&j, "done");
		json_int(&j, (int64_t)ev->done);
		json_key(&j, "total");
		json_int(&j, (int64_t)ev->total);
		json_key(&j, "unit");
		json_text(&j, ev->bytes ? "bytes" : "items");
	}
	if (ev->err != NULL) {
		json_key(&j, "error");
		json_begin_object(&j);
		json_key(&j, "code");
		json_text(&j, ioc_code_name(ev->err->code));
		json_key(&j, "message");
		json_text(&j, ev->err->msg);
	}
	json_close(&j);
	(void)fflush(stderr);
}

static void
on_warning(struct progress *p, const struct ioc_event *ev)
{
	struct json j;

	if (ev->err == NULL || p->level < LEVEL_WARN)
		return;
	progress_clear(p);
	if (!p->json) {
		(void)fprintf(stderr, "ioc: warning: %s\n", ev->err->msg);
		return;
	}
	json_open(&j, stderr, false);
	json_key(&j, "warning");
	json_begin_object(&j);
	json_key(&j, "code");
	json_text(&j, ioc_code_name(ev->err->code));
	json_key(&j, "message");
	json_text(&j, ev->err->msg);
	json_close(&j);
}

void
progress_plan(struct progress *p)
{
	if (p->planned)
		return;
	json_open(&p->plan, stdout, true);
	json_key(&p->plan, "plan");
	json_begin_array(&p->plan);
	p->planned = true;
}

/* A step of a dry run is a result. */
static void
on_plan(struct progress *p, const struct ioc_event *ev)
{
	char text[200];

	progress_clear(p);
	if (!p->json) {
		label(text, ev);
		(void)printf("would do %s\n", text);
		return;
	}
	progress_plan(p);
	json_begin_object(&p->plan);
	json_key(&p->plan, "what");
	json_text(&p->plan, ev->what);
	json_key(&p->plan, "who");
	json_text(&p->plan, ev->who);
	json_end(&p->plan);
}

void
progress_finish(struct progress *p)
{
	progress_clear(p);
	if (p->planned)
		json_close(&p->plan);
	p->planned = false;
}

int
progress_event(const struct ioc_event *ev, void *arg)
{
	struct progress *p = arg;

	if (p->mode == PROGRESS_JSON)
		on_json(ev);
	else if (ev->phase == IOC_PHASE_WARN)
		on_warning(p, ev);
	else if (p->mode == PROGRESS_BAR)
		on_bar(p, ev);
	else if (p->mode == PROGRESS_LINES)
		on_line(p, ev);
	if (ev->phase == IOC_PHASE_PLAN)
		on_plan(p, ev);
	return (caught != 0);
}
