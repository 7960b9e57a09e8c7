/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An experiment puts one claim about IPC to the kernel. It is data and small
 * functions: steps that real processes take one after the other, figures that are
 * read from ipctrace's own JSON after any of them, and a verdict that is computed
 * from these figures and from nothing else.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAST_MAX 6
#define STEPS_MAX 16
#define FIGURES_MAX 24
#define DIRECTOR CAST_MAX /* the process that sets the scene; it must not sleep in a step */
#define ACTOR(i) (1u << (i))

#define ASLEEP_IN(nr) ((nr) + 1) /* the first system call has number 0 */

/* One line of what happens, and who does it. */
struct step {
	const char *line; /* "writes 100 bytes" */
	void (*run)(void);
	uint8_t by;	/* in the cast, or DIRECTOR */
	bool kills;	/* it dies of the step, by a signal */
	long sleeps_in; /* ASLEEP_IN() the system call that it is in when the step is over; 0: the step returns */
	uint32_t ends;	/* ACTOR()s that slept in an earlier step and must have come back, too */
};

/* Moments: after the step of that number, from 1 on. */
#define AT_END 0
#define AT_START 255 /* the scene is set, nothing has happened */

struct exhibit {
	const char *name; /* "copied_in" */
	const char *what; /* "bytes copied into the kernel" */
	/*
	 * Where it stands in the JSON of the object, at that moment: "send.copied_bytes",
	 * "ring.slots.0.len", "events.op=recv.1.result". Of a list: a number is an element (-1
	 * the last), KEY=VALUE keeps those that have it, # counts them, +KEY adds that key up, ~KEY
	 * is how far it went from the first to the last.
	 */
	const char *path;
	uint8_t after;	/* the moment */
	uint8_t since;	/* its growth since that moment; 0: the figure itself */
	uint8_t object; /* of the experiment's objects, in the order they were made */
	bool optional;	/* the verdict can be given without it: it asks seen() first */
};

struct value {
	bool known; /* else the backend, or the kernel, does not tell */
	int64_t number;
	char text[48]; /* where it is a word; else "" */
};

struct experiment;

/* All that a verdict may look at. */
struct evidence {
	const struct experiment *experiment;
	struct value values[FIGURES_MAX]; /* in the order of experiment->figures */
};

enum verdict_kind {
	VERDICT_NONE = 0,
	VERDICT_HOLDS,
	VERDICT_LIMIT,		/* holds with a limit, which is said */
	VERDICT_REFUTED,	/* does not hold here; what does is said */
	VERDICT_UNSEEN,		/* this backend does not see the evidence */
	VERDICT_ABSENT,		/* not on this kernel: it needs something */
	VERDICT_UNESTABLISHED,	/* the scenario did not come about */
	VERDICT_CNT,
};

struct verdict {
	enum verdict_kind kind;
	char text[512]; /* one sentence, in figures */
};

struct experiment {
	const char *id;
	const char *claim;
	const char *said_by; /* "D1 D2" */
	const char *mechs;   /* as on the command line */
	const char *needs;   /* what not every kernel or backend has; NULL: nothing */
	const char *cast[CAST_MAX]; /* names of the processes, at most 15 characters */
	void (*set)(void);	    /* makes the objects, before the cast is there */
	/* each of the cast as it comes, and then the director: what it does not need is closed. NULL: nothing is */
	void (*enter)(unsigned who);
	void (*strike)(void); /* removes what would outlive the processes. NULL: nothing would */
	struct step steps[STEPS_MAX]; /* ends at a line of NULL */
	struct exhibit figures[FIGURES_MAX]; /* ends at a name of NULL */
	void (*judge)(const struct evidence *e, struct verdict *v);
};

struct family {
	const char *name;  /* "pipe" */
	const char *title; /* "pipes" */
	const struct experiment *experiments;
	size_t cnt;
};

extern const struct family *const families[]; /* NULL-terminated */
const struct experiment *experiment_find(const char *id);

/* ---- for verdicts (evidence.c) ---- */

/* A figure by name; 0 when it is not known. A name that the experiment does not have ends the program. */
int64_t num(const struct evidence *e, const char *name);
const char *word(const struct evidence *e, const char *name);
bool seen(const struct evidence *e, const char *name);

/*
 * The verdict and its sentence, as printf makes it; {NAME} in it is the figure of that
 * name, {NAME/1000} the same divided.
 */
#define VERDICT(name) \
	void name(struct verdict *v, const struct evidence *e, const char *format, ...) __attribute__((format(printf, 3, 4)))
VERDICT(holds);
VERDICT(limited);
VERDICT(refuted);
VERDICT(unseen); /* what was seen cannot settle it; the sentence says what could */

/* The verdict on the evidence: of judge(), or that a figure it cannot do without was not seen. */
void verdict_on(const struct evidence *e, struct verdict *v);
const char *verdict_kind_name(enum verdict_kind kind); /* "holds", "holds with a limit"… */
const char *verdict_kind_word(enum verdict_kind kind); /* for programs: "holds", "limit"… */

/* ---- for the steps (stage.c) ---- */

struct object; /* lab/scenario.h */

/* An object to look at of which the scenario itself counts nothing; its id as ipctrace shows it. */
struct object *watched(const char *mech, const char *key_format, ...) __attribute__((format(printf, 2, 3)));

int cast_pid(unsigned who); /* of an actor, from any process */
const char *stage_name(void); /* of this experiment, and of this run of it: a name is not given twice */

/* This kernel, or these privileges, cannot: "CONFIG_WATCH_QUEUE". Ends the experiment with that. */
_Noreturn void absent(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
