// SPDX-License-Identifier: MIT
/* recycle.c - retired memory, native engine. See recycle.h. */
#include "mm/recycle.h"

#include "mmu/alloc.h"

#ifndef FAULTLINE_CHECK

#include <stdlib.h>

/* So many are worth a grace period, if memory is needed; more than so many are given back. */
#define ENOUGH 1024
#define TOO_MANY 4096

struct recycler {
	struct retired *free[NR_RETIRED_KINDS];
	struct retired *waiting; /* readers may still see them */
	unsigned int nr_free[NR_RETIRED_KINDS], nr_waiting;
};

static void retired_free(struct retired *retired)
{
	if (retired->kind == RETIRED_VMA)
		retired_free_vma(retired);
	else
		retired_free_node(retired);
}

static void free_list(struct retired *list)
{
	while (list) {
		struct retired *next = list->next;

		retired_free(list);
		list = next;
	}
}

static void free_list_rcu_cb(struct rcu_head *head)
{
	free_list((struct retired *)(void *)((char *)head - offsetof(struct retired, rcu)));
}

void recycle_put(struct recycler **recycler, struct retired *list,
		 void (*free_one)(struct retired *retired))
{
	struct recycler *r = *recycler;

	if (!r)
		r = *recycler = host_calloc(FL_ALLOC_FALLBACK, 1, sizeof(*r));
	if (!r) {
		call_rcu(&list->rcu, free_list_rcu_cb);
		return;
	}
	while (list) {
		struct retired *next = list->next;

		list->next = r->waiting;
		r->waiting = list;
		r->nr_waiting++;
		list = next;
	}
	if (r->nr_waiting >= TOO_MANY) {
		call_rcu(&r->waiting->rcu, free_list_rcu_cb);
		r->waiting = NULL;
		r->nr_waiting = 0;
	}
}

/* A grace period for all that wait. */
static void wait_for_readers(struct recycler *r)
{
	struct retired *list = r->waiting;

	r->waiting = NULL;
	r->nr_waiting = 0;
	synchronize_rcu();
	while (list) {
		struct retired *next = list->next;

		if (r->nr_free[list->kind] >= ENOUGH) {
			retired_free(list);
		} else {
			list->next = r->free[list->kind];
			r->free[list->kind] = list;
			r->nr_free[list->kind]++;
		}
		list = next;
	}
}

struct retired *recycle_get(struct recycler **recycler, enum retired_kind kind)
{
	struct recycler *r = *recycler;
	struct retired *retired;

	if (!r)
		return NULL;
	if (!r->free[kind] && r->nr_waiting >= ENOUGH)
		wait_for_readers(r);
	retired = r->free[kind];
	if (retired) {
		r->free[kind] = retired->next;
		r->nr_free[kind]--;
	}
	return retired;
}

void recycler_destroy(struct recycler **recycler)
{
	struct recycler *r = *recycler;

	if (!r)
		return;
	for (int i = 0; i < NR_RETIRED_KINDS; i++)
		free_list(r->free[i]);
	free_list(r->waiting);
	free(r);
	*recycler = NULL;
}

#endif
