/* SPDX-License-Identifier: MIT */
/*
 * sb.c - store buffering in a ring of N threads, nothing asked: 2^N executions.
 *
 * What a thread has read it keeps to itself. In tests/programs/model/sb_ring.c main() looks at it, which is another
 * 2^N ways for a thread to go.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

static atomic_int x[N];
static int seen[N];

static void *thread(void *arg)
{
	intptr_t me = (intptr_t)arg;

	atomic_store_explicit(&x[me], 1, memory_order_relaxed);
	seen[me] = atomic_load_explicit(&x[me + 1 < N ? me + 1 : 0], memory_order_relaxed);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	return 0;
}
