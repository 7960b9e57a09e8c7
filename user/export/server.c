// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "export/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/host.h"
#include "model/alloc.h"

#define CONNECTIONS 32
#define CONNECTIONS_OF_ONE 16 /* from one address */
#define TIMEOUT_S 10
#define MEMORY_OF_ONE 16384 /* bytes: a request that is larger is refused */
#define BACKLOG 16

struct server {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	bool loopback;	   /* then who asks must know whom: see host.h */
	const char *names; /* that are ours, too */
	struct MHD_Response *documents[DOCUMENT_CNT]; /* NULL: not made yet */
	struct MHD_Response *index, *nowhere, *refused, *unready, *strange;
};

static const char index_text[] =
	"<!DOCTYPE html><title>ipctrace</title><h1>ipctrace</h1>"
	"<p><a href=\"/metrics\">/metrics</a>, for Prometheus</p><p><a href=\"/json\">/json</a>, the last interval</p>\n";

static const char *const types[DOCUMENT_CNT] = {
	[DOCUMENT_OPEN_METRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	[DOCUMENT_METRICS] = "text/plain; version=0.0.4; charset=utf-8",
	[DOCUMENT_JSON] = "application/json",
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
	return MHD_queue_response(c, status, response);
}

static enum MHD_Result answer_with(struct server *s, struct MHD_Connection *c, enum document document)
{
	enum MHD_Result result;

	pthread_mutex_lock(&s->lock);
	if (s->documents[document])
		result = answer(c, MHD_HTTP_OK, s->documents[document]); /* which takes a reference of its own */
	else
		result = answer(c, MHD_HTTP_SERVICE_UNAVAILABLE, s->unready);
	pthread_mutex_unlock(&s->lock);
	return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	static int begun;
	struct server *s = arg;
	const char *accept;

	(void)version, (void)upload;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return *upload_size ? MHD_NO : answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, s->refused);
	if (!*state) { /* the head alone: wait for the end of the request */
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size) /* nothing is taken */
		return MHD_NO;
	if (s->loopback && !host_is_ours(MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST), s->names))
		return answer(c, MHD_HTTP_FORBIDDEN, s->strange);
	accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	if (!strcmp(url, "/metrics"))
		return answer_with(s, c, accept && strstr(accept, "application/openmetrics-text") ? DOCUMENT_OPEN_METRICS :
												   DOCUMENT_METRICS);
	if (!strcmp(url, "/json"))
		return answer_with(s, c, DOCUMENT_JSON);
	return !strcmp(url, "/") ? answer(c, MHD_HTTP_OK, s->index) : answer(c, MHD_HTTP_NOT_FOUND, s->nowhere);
}

static struct MHD_Response *fixed(const char *text, const char *type)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(must_have(r), MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return r;
}

/* getaddrinfo(3) would take 65536 more for the same port. */
static int is_port(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* Splits "[ADDR]:PORT" or "ADDR:PORT". Returns whether it is one. */
static int split(const char *listen, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(listen, ':');
	size_t len;

	if (!colon || !is_port(colon + 1))
		return 0;
	*port = colon + 1;
	len = colon - listen;
	if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
		listen++;
		len -= 2;
	} else if (memchr(listen, ':', len)) {
		return 0;
	}
	if (len >= size)
		return 0;
	snprintf(host, size, "%.*s", (int)len, listen);
	return 1;
}

/* A listening socket, or -errno. host NULL: every address of the family. Numbers only: no name is looked up. */
static int listen_on(int family, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	int fd, on = 1, off = 0, err = 0;

	if (getaddrinfo(host, port, &hints, &found))
		return -EINVAL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err = -errno;
	if (!err && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		     (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) ||
		     bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, BACKLOG)))
		err = -errno;
	freeaddrinfo(found);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

/* host "": every address, of IPv4 too through a socket of IPv6, where the kernel has that. */
static int open_socket(const char *host, const char *port)
{
	int fd = *host ? listen_on(AF_UNSPEC, host, port) : listen_on(AF_INET6, NULL, port);

	return fd == -EAFNOSUPPORT && !*host ? listen_on(AF_INET, NULL, port) : fd;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;

	if (address->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(in6) || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == IN_LOOPBACKNET);
}

/* The port may have been chosen by the kernel. */
static void tell(const struct sockaddr_storage *address, socklen_t len)
{
	char host[INET6_ADDRSTRLEN], port[16];

	if (getnameinfo((const struct sockaddr *)address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	fprintf(stderr, strchr(host, ':') ? "ipctrace: listening on http://[%s]:%s/metrics\n" :
					    "ipctrace: listening on http://%s:%s/metrics\n", host, port);
}

int server_bind(const char *listen)
{
	const char *port = "";
	char host[64];
	int fd = split(listen, host, sizeof(host), &port) ? open_socket(host, port) : -EINVAL;

	if (fd < 0)
		fprintf(stderr, "ipctrace: cannot listen on %s: %s\n", listen,
			fd == -EINVAL ? "not an address and a port, as in " SERVER_LISTEN :
			fd == -EACCES ? "a port below 1024 needs CAP_NET_BIND_SERVICE" : strerror(-fd));
	return fd;
}

int server_open(struct server **out, int fd, const char *names)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	struct server *s = xcalloc(1, sizeof(*s));

	getsockname(fd, (struct sockaddr *)&address, &len);
	s->loopback = is_loopback(&address);
	s->names = names;
	pthread_mutex_init(&s->lock, NULL);
	s->index = fixed(index_text, "text/html; charset=utf-8");
	s->nowhere = fixed("not here: /metrics and /json are\n", "text/plain");
	s->refused = fixed("to be read only\n", "text/plain");
	s->unready = fixed("no report yet\n", "text/plain");
	s->strange = fixed("not for this name: see --host\n", "text/plain");
	MHD_add_response_header(s->refused, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	s->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, on_request, s,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
				     MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_OF_ONE,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_OF_ONE, MHD_OPTION_END);
	if (!s->daemon) {
		fprintf(stderr, "ipctrace: cannot serve HTTP: %s\n", strerror(errno));
		close(fd);
		server_close(s);
		return -EIO;
	}
	tell(&address, len);
	*out = s;
	return 0;
}

void server_publish(struct server *s, enum document document, char *text, size_t len)
{
	struct MHD_Response *fresh = must_have(MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE)), *old;

	MHD_add_response_header(fresh, MHD_HTTP_HEADER_CONTENT_TYPE, types[document]);
	pthread_mutex_lock(&s->lock);
	old = s->documents[document];
	s->documents[document] = fresh;
	pthread_mutex_unlock(&s->lock);
	if (old)
		MHD_destroy_response(old);
}

void server_close(struct server *s)
{
	struct MHD_Response *fixed_ones[5];

	if (!s)
		return;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	memcpy(fixed_ones, (struct MHD_Response *[]){ s->index, s->nowhere, s->refused, s->unready, s->strange },
	       sizeof(fixed_ones));
	for (size_t i = 0; i < sizeof(fixed_ones) / sizeof(fixed_ones[0]); i++)
		MHD_destroy_response(fixed_ones[i]);
	for (size_t i = 0; i < DOCUMENT_CNT; i++)
		if (s->documents[i])
			MHD_destroy_response(s->documents[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
