/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* msgsnd and msgrcv, from their entry to their end. Included by msg.bpf.c. */

/*
 * Does the queue exist? Asked only when a call failed in a way in which it may not
 * have got as far as to find one: on no queue, nothing is counted.
 */
static __attribute__((noinline)) int queue_exists(const struct ipc_object_id *obj)
{
	struct ipc_object *o;

	if (!obj)
		return 0;
	o = bpf_map_lookup_elem(&objects, obj);
	if (o)
		return !(o->flags & OBJECT_DESTROYED);
	return sysv_find(sysv_namespace(), SYSV_MSG, obj->id) != 0;
}

static __always_inline bool has_queue(const struct ipc_object_id *obj, const struct ipc_run *run, __s64 ret)
{
	if (ret >= 0 || (run && (run->kobj || run->own_waits)) || ret == -43 /* EIDRM: it had one */)
		return true;
	return queue_exists(obj);
}

#define MSG_BEGINS (RUN_WHOLE | RUN_USED)

static __always_inline bool enter_plainly(const struct ipc_object_id *obj, __u8 op, __u8 cause, __u64 size, __u32 seen)
{
	__u64 switches;
	struct ipc_run *run = plain_slot(MSG_BEGINS, &switches);

	if (!run)
		return true;
	run->kobj = 0;
	run->kobj2 = 0;
	run->progress = 0;
	run->size = size;
	return plain_begin(run, obj->id, obj->domain | (__u64)MECH_MSG << 32, op, cause, seen, switches);
}

static __always_inline int enter(__s32 id, __u8 op, __u8 cause, __u64 size, __u32 seen)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (all_left_out())
		return 0;
	msg_identify(id, sysv_domain(), &obj);
	if (is_plain() && !left_out(&obj) && enter_plainly(&obj, op, cause, size, seen))
		return 0;
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, op, cause, 0);
	if (!run)
		return 0;
	run->size = size;
	run->flags |= RUN_WHOLE;
	run->kobj2 = 0;
	run->progress = 0;
	run->aux[0] = seen;
	return 0;
}

SEC("?fentry/do_msgsnd")
int BPF_PROG(msg_send_entry, int id, long type, void *text, size_t size, int flags)
{
	return enter(id, OP_SEND, CAUSE_FULL, size, 0);
}

SEC("?fentry/do_msgrcv")
int BPF_PROG(msg_receive_entry, int id, void *text, size_t size, long type, int flags)
{
	return enter(id, flags & MSG_COPY ? OP_CTL : OP_RECV, CAUSE_EMPTY, size, flags & MSG_NOERROR ? SEEN_NOERROR : 0);
}

/* The row of the current task's operation on this queue, when its entry found it. */
static __always_inline struct ipc_row *msg_row(__s32 id, __u8 op, struct ipc_run **run)
{
	struct ipc_row *row;

	*run = run_slot();
	row = plain_row(*run, MECH_MSG, op);
	return row && (*run)->obj.id == (__u32)id ? row : NULL;
}

static __always_inline void note_asked(struct msg_internals *s, long type, int flags)
{
	s->type_asked = type_word(type < 0 ? -type : type);
	s->type_asked_how = !type ? ASKED_ANY : type < 0 ? ASKED_UP_TO : flags & MSG_EXCEPT ? ASKED_EXCEPT : ASKED_TYPE;
}

static __always_inline void send_counters(struct ipc_edge *edge, const struct ipc_run *run)
{
	if (run->aux[3])
		add(&edge->counters[MSG_TOO_SMALL], run->aux[3]);
	if (run->aux[0] & SEEN_HANDED)
		add(&edge->counters[MSG_HANDOFFS], 1);
	else if (!(run->aux[0] & SEEN_UNSURE))
		depth_note(edge, run->aux[1]);
}

static __always_inline bool leave_send_plainly(__s32 id, const struct op_result *res)
{
	struct ipc_run *run;
	struct ipc_row *row = msg_row(id, OP_SEND, &run);

	if (!row)
		return false;
	if (!has_queue(&run->obj, run, res->ret)) {
		op_done(run);
		return true;
	}
	edge_account(&row->edge, &row->key, res);
	if (res->ret >= 0)
		send_counters(&row->edge, run);
	plain_done_used(&row->edge, run, MSG_BEGINS);
	return true;
}

SEC("?fexit/do_msgsnd")
int BPF_PROG(msg_send_exit, int id, long type, void *text, size_t size, int flags, long ret)
{
	struct op_result res = {.ret = ret ? ret : (__s64)size, .payload = true};
	struct ipc_object *o = NULL;
	struct ipc_object_id obj;
	struct ipc_run *run = NULL;
	struct ipc_edge *edge;

	if (all_left_out() || (is_plain() && leave_send_plainly(id, &res)))
		return 0;
	msg_identify(id, sysv_domain(), &obj);
	if (!op_wanted(&obj))
		return 0;
	if (has_entry())
		run = run_of(&obj, OP_SEND);
	if (!has_queue(&obj, run, ret)) {
		op_done(run);
		return 0;
	}
	edge = op_end(&obj, OP_SEND, run, &res);
	if (edge && !ret && PROFILE(PROFILE_DETAIL))
		part_count(&obj, type_word(type), true);
	if (edge && run) {
		if (!ret)
			send_counters(edge, run);
		if (PROFILE(PROFILE_DETAIL | PROFILE_EVENTS))
			o = bpf_map_lookup_elem(&objects, &obj);
		if (o) {
			if (!ret)
				((struct msg_internals *)o->state)->type_sent = type_word(type);
			if (!ret && !(run->aux[0] & (SEEN_HANDED | SEEN_UNSURE)) && run->aux[2] > o->max_bytes)
				o->max_bytes = run->aux[2];
			__builtin_memcpy(edge->state, o->state, sizeof(edge->state));
		}
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, OP_SEND, run, &res, edge, size);
	}
	op_done(run);
	return 0;
}

/* What the message lost on its way out: cut to fit, or all of it, if the receiver's memory was not there. */
static __always_inline __u64 bytes_lost(const struct ipc_run *run, __s64 ret)
{
	__u64 taken = run->aux[3], got = ret > 0 ? ret : 0;

	return (run->aux[0] & SEEN_TAKEN) && taken > got ? taken - got : 0;
}

static __always_inline void receive_counters(struct ipc_edge *edge, const struct ipc_run *run, __s64 ret, long type)
{
	if (ret < 0)
		return;
	if (type)
		add(&edge->counters[MSG_SELECTIVE], 1);
	if (run->progress && run->kobj2)
		add(&edge->counters[MSG_SKIPPED], run->progress);
	if (bytes_lost(run, ret))
		add(&edge->counters[MSG_TRUNCATED], 1);
	edge->depth = run->aux[1];
}

static __always_inline void received(struct ipc_edge *edge, const struct ipc_object_id *obj, struct ipc_run *run, long type,
				     int flags, __s64 ret)
{
	__u8 op = flags & MSG_COPY ? OP_CTL : OP_RECV;
	struct ipc_object *o = NULL;

	if (op == OP_CTL && ret >= 0)
		add(&edge->counters[MSG_PEEKS], 1);
	if (!run)
		return;
	if (op == OP_RECV)
		receive_counters(edge, run, ret, type);
	if (op == OP_RECV && ret >= 0 && PROFILE(PROFILE_DETAIL))
		part_count(obj, run->aux[2], false);
	if (PROFILE(PROFILE_DETAIL | PROFILE_EVENTS) || bytes_lost(run, ret))
		o = bpf_map_lookup_elem(&objects, obj);
	if (o) {
		struct msg_internals *s = (void *)o->state;

		if (op == OP_RECV)
			add(&o->discarded_bytes, bytes_lost(run, ret));
		if (!PROFILE(PROFILE_DETAIL | PROFILE_EVENTS)) /* the row has its words already, or the object all of them */
			return;
		if (op == OP_RECV) {
			note_asked(s, type, flags);
			if (ret >= 0)
				s->type_delivered = run->aux[2];
		}
		__builtin_memcpy(edge->state, o->state, sizeof(edge->state));
	}
}

static __always_inline void end_receive(const struct ipc_object_id *obj, struct ipc_run *run, __u64 size, long type,
					int flags, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = !(flags & MSG_COPY)};
	__u8 op = flags & MSG_COPY ? OP_CTL : OP_RECV;
	struct ipc_edge *edge = op_end(obj, op, run, &res);

	if (!edge)
		return;
	received(edge, obj, run, type, flags, ret);
	if (run && PROFILE(PROFILE_EVENTS))
		op_emit(obj, op, run, &res, edge, size);
}

static __always_inline bool leave_receive_plainly(__s32 id, long type, int flags, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = !(flags & MSG_COPY)};
	struct ipc_run *run;
	struct ipc_row *row = msg_row(id, flags & MSG_COPY ? OP_CTL : OP_RECV, &run);

	if (!row)
		return false;
	if (!has_queue(&run->obj, run, ret)) {
		op_done(run);
		return true;
	}
	edge_account(&row->edge, &row->key, &res);
	received(&row->edge, &run->obj, run, type, flags, ret);
	plain_done_used(&row->edge, run, MSG_BEGINS);
	return true;
}

SEC("?fexit/do_msgrcv")
int BPF_PROG(msg_receive_exit, int id, void *text, size_t size, long type, int flags, void *handler, long ret)
{
	struct ipc_object_id obj;
	struct ipc_run *run = NULL;

	if (all_left_out() || (is_plain() && leave_receive_plainly(id, type, flags, ret)))
		return 0;
	msg_identify(id, sysv_domain(), &obj);
	if (!op_wanted(&obj))
		return 0;
	if (has_entry())
		run = run_of(&obj, flags & MSG_COPY ? OP_CTL : OP_RECV);
	if (has_queue(&obj, run, ret))
		end_receive(&obj, run, size, type, flags, ret);
	op_done(run);
	return 0;
}
