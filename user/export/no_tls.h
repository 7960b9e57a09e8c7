/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The static binary has no TLS: Debian has no complete static GnuTLS, and nothing here
 * speaks HTTPS. What libmicrohttpd.a wants of it is this; only its initialisation runs.
 */
#ifndef EXPORT_NO_TLS_H
#define EXPORT_NO_TLS_H

/* Success: for gnutls_global_init() and its end. */
int ipctrace_no_tls(void);

#endif
