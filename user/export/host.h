/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whom a request was meant for. A page of somebody else's in a browser on this machine can have its own name
 * resolve to 127.0.0.1 and then read what is served there: the Host that it sends is still that name.
 */
#ifndef EXPORT_HOST_H
#define EXPORT_HOST_H

#include <stdbool.h>

/*
 * host: the Host header, "NAME", "NAME:PORT", "[ADDR6]:PORT"; NULL: there was none, as no browser leaves it out.
 * Ours are addresses, which nobody can make resolve to us, localhost and what is below it, and the names of
 * `names`, "NAME,NAME…" or NULL. Case and a last dot do not matter, as in DNS.
 */
bool host_is_ours(const char *host, const char *names);

#endif
