/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of the library as a bar, as lines or as JSON lines on stderr. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "ioc.h"
#include "json.h"

enum progress_mode {
	PROGRESS_NONE,
	PROGRESS_BAR,		/* redrawn in place on a terminal */
	PROGRESS_LINES,		/* one line per step */
	PROGRESS_JSON,		/* one JSON document per event */
};

enum progress_level {
	LEVEL_ERROR,
	LEVEL_WARN,
	LEVEL_INFO,
	LEVEL_DEBUG,
};

struct progress {
	enum progress_mode mode;
	enum progress_level level;
	bool		 json;		/* warnings and plan as JSON */
	bool		 drawn;		/* a line stands on the terminal */
	bool		 planned;	/* the JSON plan has begun */
	struct json	 plan;
	uint64_t	 begun;		/* of the current step */
	uint64_t	 drawn_at;
	uint64_t	 rate_at;	/* when the rate was taken */
	uint64_t	 rate_done;
	double		 rate;		/* per second, smoothed */
};

/* The event callback; arg is the struct progress. */
int	progress_event(const struct ioc_event *ev, void *arg);
/* Takes the line from the terminal before something else is written. */
void	progress_clear(struct progress *p);
/* Begins the JSON document of a dry run, if it has not begun. */
void	progress_plan(struct progress *p);
/* Ends the plan of a dry run. */
void	progress_finish(struct progress *p);

/*
 * From now on Ctrl-C, TERM and HUP ask the library to stop and undo; a second
 * one ends the program at once.
 */
void	progress_catch(void);
/* The signal that was caught, 0: none. */
int	progress_caught(void);

#endif /* CLI_PROGRESS_H */
