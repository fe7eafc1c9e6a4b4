/* SPDX-License-Identifier: MIT */
/* search_path.c - the choices that lead to a graph, and what of the search is left for later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"
#include "learn.h"
#include "search.h"

void search_put_off(const struct flx_path *it)
{
	if (S.depth == S.cap) {
		S.cap = S.cap ? S.cap * 2 : 256;
		S.stack = realloc(S.stack, S.cap * sizeof(*S.stack));
		if (!S.stack)
			abort();
	}
	S.stack[S.depth++] = *it;
}

uint32_t *search_copy_path(void)
{
	uint32_t *copy = malloc((S.path_len + S.follow_len + 1) * sizeof(*copy));

	if (!copy)
		abort();
	if (S.path_len)
		memcpy(copy, S.path, S.path_len * sizeof(*copy));
	if (S.follow_len)
		memcpy(copy + S.path_len, S.follow, S.follow_len * sizeof(*copy));
	return copy;
}

void search_leave(void)
{
	struct flx_path it = {
		.n = S.path_len + S.follow_len,
		.weight = S.weight,
		.choice = search_copy_path(),
	};

	search_put_off(&it);
}

int search_choice(int n)
{
	int i;

	if (n < 2)
		return SEARCH_ALL;
	if (!S.follow_len) {
		S.stop |= S.only_follow;
		return SEARCH_ALL;
	}
	i = (int)*S.follow;
	if (i < 0 || i >= n) {
		snprintf(exec_error, sizeof(exec_error),
			 "what is to be resumed is of another program, or was made with other "
			 "options");
		S.stop = true;
		return SEARCH_ALL;
	}
	S.follow++;
	S.follow_len--;
	return i;
}

void search_add_known(uint32_t *choice, int n)
{
	S.known = realloc(S.known, (S.nr_known + 1) * sizeof(*S.known));
	if (!S.known)
		abort();
	S.known[S.nr_known++] = (struct flx_path){ .n = n, .choice = choice };
}

void search_new_thread(void)
{
	if (jobs_is_worker())
		learn_again = true;
	else if (S.begun && !S.forward)
		search_add_known(search_copy_path(), S.path_len + S.follow_len);
}

int search_take(int n, int i)
{
	if (n < 2)
		return 0;
	if (S.path_len == S.path_cap) {
		S.path_cap = S.path_cap ? 2 * S.path_cap : 256;
		S.path = realloc(S.path, S.path_cap * sizeof(*S.path));
		if (!S.path)
			abort();
	}
	S.path[S.path_len++] = (uint32_t)i;
	return 1;
}

void search_untake(int taken)
{
	S.path_len -= taken;
}
