/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw mode, window size, signals, and the loop that relays. */
#include "tty.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "progress.h"

/* Signal handlers have no other way: the pipe they write to, and the terminal
   that must be restored whatever ends the program. */
static int signal_pipe[2] = { -1, -1 };
static struct termios saved;
static bool is_saved, is_raw;

/* Those that remain caught afterwards stand first. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1,
	SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT };

static int
fail_errno(struct ioc_error *err, const char *what)
{
	err->code = IOC_FAILED;
	err->sys = errno;
	(void)snprintf(err->msg, sizeof(err->msg), "%s: %s", what,
	    strerror(errno));
	return (err->code);
}

static void
on_signal(int sig)
{
	int e = errno;
	unsigned char byte = (unsigned char)sig;

	(void)!write(signal_pipe[1], &byte, 1);
	errno = e;
}

static void
raw_off(void)
{
	if (is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	is_raw = false;
}

/* What is restored is what was there at the first time. */
static void
raw_on(void)
{
	struct termios raw;

	if (!is_saved && tcgetattr(STDIN_FILENO, &saved) != 0)
		return;
	is_saved = true;
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0)
		is_raw = true;
}

static bool
window_size(struct winsize *ws)
{
	for (int fd = 0; fd < 3; fd++) {
		if (ioctl(fd, TIOCGWINSZ, ws) == 0 && ws->ws_row > 0)
			return (true);
	}
	return (false);
}

static void
pass_window_size(int master)
{
	struct winsize ws;

	if (master >= 0 && window_size(&ws))
		(void)ioctl(master, TIOCSWINSZ, &ws);
}

int
tty_open(struct tty *t, enum tty_want want, struct ioc_exec_options *o,
    struct ioc_error *err)
{
	struct winsize ws;
	bool is_tty[3];
	int fds[2];

	*t = (struct tty){ false, { -1, -1, -1 }, { -1, -1, -1 } };
	for (int i = 0; i < 3; i++)
		is_tty[i] = isatty(i);
	t->pty = want == TTY_FORCE ||
	    (want == TTY_AUTO && is_tty[0] && is_tty[1] && is_tty[2]);
	o->tty = t->pty;
	if (t->pty) {
		o->rows = 24;
		o->cols = 80;
		if (window_size(&ws)) {
			o->rows = ws.ws_row;
			o->cols = ws.ws_col;
		}
		return (0);
	}
	for (int i = 0; i < 3; i++) {
		o->fds[i] = i;
		if (!is_tty[i])
			continue;
		if (pipe2(fds, O_CLOEXEC) != 0)
			return (fail_errno(err, "pipe for the program"));
		t->theirs[i] = fds[i == 0 ? 0 : 1];
		t->ours[i] = fds[i == 0 ? 1 : 0];
		o->fds[i] = t->theirs[i];
	}
	return (0);
}

static void
close_all(int fds[3])
{
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}

void
tty_close(struct tty *t)
{
	raw_off();
	close_all(t->ours);
	close_all(t->theirs);
}

static int
catch_signals(struct ioc_error *err)
{
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return (fail_errno(err, "pipe for signals"));
	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &sa, NULL);
	/* A reader that goes away ends the relay, not ioc in the middle. */
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	return (0);
}

static void
handle_signal(struct ioc_process *p, int sig, int master, bool raw)
{
	if (sig != SIGWINCH && sig != SIGTSTP && sig != SIGCONT) {
		(void)ioc_process_signal(p, sig, NULL);
		return;
	}
	if (sig == SIGTSTP) {
		raw_off();
		(void)raise(SIGSTOP);
	}
	/* Whoever had the terminal meanwhile has set it as he likes. */
	if (sig != SIGWINCH && raw)
		raw_on();
	pass_window_size(master);
}

static void
handle_signals(struct ioc_process *p, int master, bool raw)
{
	unsigned char byte;

	while (read(signal_pipe[0], &byte, 1) == 1)
		handle_signal(p, byte, master, raw);
}

/*
 * What follows the program, removing a jail perhaps, is not to be stopped
 * halfway by what was meant for the program; QUIT ends it all the same.
 */
static void
release_signals(void)
{
	for (size_t i = 3; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
}

static void
set_nonblock(int fd)
{
	int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/*
 * The end of our input is told to a program on a pty as a terminal does it;
 * twice in the middle of a line.
 */
static void
end_input(struct channel *in)
{
	struct termios tio;

	if (tcgetattr(in->to, &tio) != 0 || (tio.c_lflag & ICANON) == 0)
		return;
	in->buf[0] = in->buf[1] = (char)tio.c_cc[VEOF];
	in->off = 0;
	in->len = in->last == '\n' || in->last == '\0' ? 1 : 2;
}

struct relay {
	struct tty	*t;
	struct ioc_process *p;
	int		 master;
	bool		 raw;
	struct channel	 ch[3];		/* in, out, err */
};

static void
relay_init(struct relay *r, struct tty *t, struct ioc_process *p)
{
	r->t = t;
	r->p = p;
	r->master = t->pty ? ioc_process_pty(p) : -1;
	for (int i = 0; i < 3; i++) {
		r->ch[i].from = r->ch[i].to = -1;
		set_nonblock(t->ours[i]);
	}
	if (t->pty) {
		set_nonblock(r->master);
		r->ch[0].from = STDIN_FILENO;
		r->ch[0].to = r->master;
		r->ch[1].from = r->master;
		r->ch[1].to = STDOUT_FILENO;
		r->raw = isatty(STDIN_FILENO);
		return;
	}
	if (t->ours[0] >= 0) {
		r->ch[0].from = STDIN_FILENO;
		r->ch[0].to = t->ours[0];
	}
	for (int i = 1; i < 3; i++) {
		if (t->ours[i] >= 0) {
			r->ch[i].from = t->ours[i];
			r->ch[i].to = i;
		}
	}
}

/* After a channel has moved: its end is passed on. */
static void
after_move(struct relay *r, int i, int moved, bool was_open)
{
	struct channel *ch = &r->ch[i];

	if (moved != 0) {
		ch->from = -1;
		ch->len = 0;
		/* Nobody reads any more: as a closed terminal would do. */
		if (i > 0)
			(void)ioc_process_signal(r->p, SIGHUP, NULL);
	}
	if (i != 0 || ch->from >= 0 || ch->len > 0)
		return;
	if (r->t->pty && was_open && moved == 0)
		end_input(ch);
	else if (!r->t->pty && r->t->ours[0] >= 0) {
		(void)close(r->t->ours[0]);
		r->t->ours[0] = -1;
	}
}

static int
relay_loop(struct relay *r, struct ioc_error *err)
{
	struct pollfd pfd[8];

	for (;;) {
		pfd[0] = (struct pollfd){ .fd = ioc_process_fd(r->p),
			.events = POLLIN };
		pfd[1] = (struct pollfd){ .fd = signal_pipe[0],
			.events = POLLIN };
		for (int i = 0; i < 3; i++)
			channel_poll(&r->ch[i], &pfd[2 + 2 * i]);
		if (poll(pfd, 8, -1) < 0) {
			if (errno == EINTR)
				continue;
			return (fail_errno(err, "poll"));
		}
		if (pfd[1].revents != 0)
			handle_signals(r->p, r->master, r->raw);
		for (int i = 0; i < 3; i++) {
			bool open = r->ch[i].from >= 0;
			int moved = channel_move(&r->ch[i], &pfd[2 + 2 * i]);

			if (open || moved != 0)
				after_move(r, i, moved, open);
		}
		if (pfd[0].revents != 0)
			return (0);
	}
}

int
tty_relay(struct tty *t, struct ioc_process *p, int *status,
    struct ioc_error *err)
{
	struct relay *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return (fail_errno(err, "relay"));
	close_all(t->theirs);
	relay_init(r, t, p);
	rc = catch_signals(err);
	if (rc == 0) {
		/* One that came before this handler stood here. */
		if (progress_caught() != 0)
			(void)ioc_process_signal(p, progress_caught(), NULL);
		if (r->raw) {
			(void)atexit(raw_off);
			raw_on();
		}
		pass_window_size(r->master);
		rc = relay_loop(r, err);
	}
	for (int i = 1; rc == 0 && i < 3; i++)
		channel_drain(&r->ch[i]);
	raw_off();
	release_signals();
	free(r);
	return (rc != 0 ? rc : ioc_process_wait(p, -1, status, err));
}
