/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Test Anything Protocol, as far as a unit test needs it. Each check prints a
 * line and returns whether it held; end main with `return done_testing();`.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ok(condition, "name, as of printf", ...) */
#define ok(...) tap_ok(__FILE__, __LINE__, __VA_ARGS__)
/* is_int(got, wanted, "name, as of printf", ...); is_str() takes NULLs, too */
#define is_int(...) tap_is_int(__FILE__, __LINE__, __VA_ARGS__)
#define is_str(...) tap_is_str(__FILE__, __LINE__, __VA_ARGS__)

static int tap_run, tap_failed;

static inline bool tap_result(const char *file, int line, bool held, const char *name, va_list args)
{
	printf("%sok %d - ", held ? "" : "not ", ++tap_run);
	vprintf(name, args);
	putchar('\n');
	if (!held) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return held;
}

__attribute__((format(printf, 4, 5))) static inline bool tap_ok(const char *file, int line, bool held, const char *name,
								...)
{
	va_list args;

	va_start(args, name);
	tap_result(file, line, held, name, args);
	va_end(args);
	return held;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_int(const char *file, int line, long long got,
								    long long wanted, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	if (!tap_result(file, line, got == wanted, name, args))
		printf("# got %lld, wanted %lld\n", got, wanted);
	va_end(args);
	return got == wanted;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_str(const char *file, int line, const char *got,
								    const char *wanted, const char *name, ...)
{
	bool held = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;
	va_list args;

	va_start(args, name);
	if (!tap_result(file, line, held, name, args))
		printf("# got '%s', wanted '%s'\n", got ? got : "(null)", wanted ? wanted : "(null)");
	va_end(args);
	return held;
}

/* In place of a check that cannot be made here; why names what is missing. */
static inline void skip(const char *why)
{
	printf("ok %d # SKIP %s\n", ++tap_run, why);
	fflush(stdout);
}

/* Prints the plan. Returns main's exit status. */
static inline int done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif
