/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside one operation: the buffers that carry the bytes, how long each sat in a
 * queue, and the descriptors that travel with them. Included by unix.bpf.c.
 */

/* Each buffer of a send is filled by one call of this, just before it is queued. */
SEC("?fentry/skb_copy_datagram_from_iter")
int BPF_PROG(unix_buffer_filled)
{
	struct ipc_run *run = run_slot();
	__u64 skb;

	if (!run || run->task != current_task() || run->op != OP_SEND ||
	    (run->obj.mech != MECH_UNIX && !(run->flags & RUN_UNRESOLVED)))
		return 0;
	skb = argument_address(ctx, 0);
	run->aux[2] = skb >> 32;
	run->aux[3] = skb;
	stamp_message(skb);
	return 0;
}

/* A datagram that found its receiver's queue full is queued after the wait. */
SEC("?fexit/unix_wait_for_peer")
int BPF_PROG(unix_waited_for_peer)
{
	struct ipc_run *run = socket_run();

	if (run && run->op == OP_SEND && (run->aux[2] || run->aux[3]))
		restamp_message((__u64)run->aux[2] << 32 | run->aux[3]);
	return 0;
}

/*
 * A buffer that its receiver has emptied is freed inside the receive; any other was
 * dropped. Those of the network are freed by interrupts, on top of whoever runs.
 */
SEC("?fentry/sock_wfree")
int BPF_PROG(unix_buffer_freed, struct sk_buff *skb)
{
	struct ipc_run *run = socket_run();

	if (!run || skb->sk->__sk_common.skc_family != AF_UNIX)
		return 0;
	if (run->op == OP_RECV)
		residency_of_message(&run->obj, argument_address(ctx, 0));
	else
		drop_stamp(argument_address(ctx, 0));
	return 0;
}

/* What goes with a message to be sent, SCM_RIGHTS and SCM_CREDENTIALS: it is taken before anything else happens. */
SEC("?fexit/__scm_send")
int BPF_PROG(unix_fds_taken, struct socket *sock, struct msghdr *msg, struct scm_cookie *scm, int ret)
{
	struct ipc_run *run = run_slot();

	if (ret || !run || run->task != current_task() || run->op != OP_SEND || !run->kobj ||
	    (run->obj.mech != MECH_UNIX && !(run->flags & RUN_UNRESOLVED)))
		return 0;
	run->flags |= RUN_USED; /* of obj2 and aux the next operation must know */
	if (BPF_CORE_READ(scm, creds.uid.val) != ~0u) { /* until then it is invalid */
		run->obj2.domain = BPF_CORE_READ(scm, pid, numbers[0].nr);
		run->obj2.id = (__u64)BPF_CORE_READ(scm, creds.uid.val) << 32 | BPF_CORE_READ(scm, creds.gid.val);
	}
	run->aux[1] = BPF_CORE_READ(scm, fp) ? BPF_CORE_READ(scm, fp, count) : 0;
	if (!run->aux[1])
		return 0;
	if (run->obj.mech)
		unix_count_kinds((__u64)BPF_CORE_READ(scm, fp), run->aux[1], run->obj.id);
	else
		run->kobj2 = (__u64)BPF_CORE_READ(scm, fp); /* when it is known whom they go to */
	return 0;
}

/* Those of a message that was received; 0 of them when its receiver made no room for any. */
SEC("?fentry/scm_detach_fds")
int BPF_PROG(unix_fds_given, struct msghdr *msg, struct scm_cookie *scm)
{
	struct ipc_run *run = socket_run();

	if (run && run->op == OP_RECV) {
		run->aux[1] += BPF_CORE_READ(scm, fp, count);
		run->flags |= RUN_USED;
	}
	return 0;
}

/* The credentials of a message for a receiver that asked for them (SO_PASSCRED), in the numbers that it is given. */
SEC("?fentry/put_cmsg")
int BPF_PROG(unix_credentials_given, struct msghdr *msg, int level, int type, int len)
{
	struct ipc_run *run;
	struct ucred cred = {};

	if (level != SOL_SOCKET || type != SCM_CREDENTIALS)
		return 0;
	run = socket_run();
	if (!run || run->op != OP_RECV || !probe_read(&cred, argument_address(ctx, 4)))
		return 0;
	run->obj2.domain = cred.pid;
	run->obj2.id = (__u64)cred.uid << 32 | cred.gid;
	return 0;
}
