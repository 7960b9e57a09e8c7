/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP, to be read only: documents that are made anew at every report and served
 * as they were made last. A thread of libmicrohttpd's answers; nothing of a
 * request is taken but its path, its Accept and its Host.
 */
#ifndef EXPORT_SERVER_H
#define EXPORT_SERVER_H

#include <stddef.h>

#define SERVER_LISTEN "127.0.0.1:9856"

enum document {
	DOCUMENT_OPEN_METRICS, /* /metrics, to who accepts it */
	DOCUMENT_METRICS,      /* /metrics, to all others */
	DOCUMENT_JSON,	       /* /json */
	DOCUMENT_CNT,
};

struct server; /* opaque */

/*
 * listen: "ADDR:PORT", "[ADDR6]:PORT", ":PORT" for every address, port 0 for any
 * that is free. A socket, or -errno with the reason on stderr. By itself, since a
 * port below 1024 needs a capability that is dropped before anything is served.
 */
int server_bind(const char *listen);

/*
 * Serves on that socket, which is its own then. 0, or -errno with the reason on
 * stderr. Says on stderr where it listens. On a loopback address it answers only
 * who asks for one of ours (export/host.h); names must outlive it.
 */
int server_open(struct server **out, int fd, const char *names);

/* Takes the text over, which was malloc()ed: what is asked for from now on. */
void server_publish(struct server *s, enum document document, char *text, size_t len);

void server_close(struct server *s);

#endif
