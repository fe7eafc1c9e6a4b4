// SPDX-License-Identifier: MIT
/* bank.c - transfers between accounts, each with its lock; any two of them, and any sum from 1 to 2. */
#include <assert.h>
#include <pthread.h>

#include <faultline/verifier.h>

#define ACCOUNTS 2

static struct account {
	pthread_mutex_t lock;
	int balance;
} accounts[ACCOUNTS] = {
	{ PTHREAD_MUTEX_INITIALIZER, 5 },
	{ PTHREAD_MUTEX_INITIALIZER, 5 },
};

static void *transfer(void *arg)
{
	struct account *from = &accounts[fl_choose(ACCOUNTS)], *to = &accounts[fl_choose(ACCOUNTS)];
	int sum = __VERIFIER_nondet_int_range(1, 2);

	fl_assume(from != to);
	pthread_mutex_lock(&from->lock);
	pthread_mutex_lock(&to->lock);
	from->balance -= sum;
	to->balance += sum;
	pthread_mutex_unlock(&to->lock);
	pthread_mutex_unlock(&from->lock);
	return arg;
}

int main(void)
{
	pthread_t t[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, transfer, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(accounts[0].balance + accounts[1].balance == 10);
	return 0;
}
