// SPDX-License-Identifier: MIT
/* rwlock.c - cases for lib/program/rwlock.c; see case.h. */
#include "case.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static int data, other;

static void *writer(void *arg)
{
	pthread_rwlock_wrlock(&l);
	data++;
	other++;
	pthread_rwlock_unlock(&l);
	return NULL;
}

static void *reader(void *arg)
{
	pthread_rwlock_rdlock(&l);
	assert(data == other);
	pthread_rwlock_unlock(&l);
	return NULL;
}

static void *writer_as_reader(void *arg)
{
	pthread_rwlock_rdlock(&l);
	data++;
	other++;
	pthread_rwlock_unlock(&l);
	return NULL;
}

void protects(void)
{
	pthread_t t;

	pthread_create(&t, NULL, reader, NULL);
	both(writer, reader);
	pthread_join(t, NULL);
}

void writers_exclude_each_other(void)
{
	twice(writer);
	assert(data == 2);
}

void readers_do_not_exclude_each_other(void)
{
	twice(writer_as_reader);
}

static atomic_int inside, together;

static void *count_inside(void *arg)
{
	pthread_rwlock_rdlock(&l);
	atomic_fetch_add(&inside, 1);
	if (atomic_load(&inside) == 2)
		atomic_store(&together, 1);
	atomic_fetch_sub(&inside, 1);
	pthread_rwlock_unlock(&l);
	return NULL;
}

void two_readers_at_once(void)
{
	twice(count_inside);
	assert(!together);
}

void read_twice(void)
{
	pthread_rwlock_rdlock(&l);
	assert(!pthread_rwlock_tryrdlock(&l));
	assert(pthread_rwlock_trywrlock(&l) == EBUSY);
	pthread_rwlock_unlock(&l);
	pthread_rwlock_unlock(&l);
	assert(!pthread_rwlock_trywrlock(&l));
	assert(pthread_rwlock_rdlock(&l) == EDEADLK);
	assert(pthread_rwlock_wrlock(&l) == EDEADLK);
	assert(pthread_rwlock_tryrdlock(&l) == EBUSY);
	pthread_rwlock_unlock(&l);
}

void upgrade(void)
{
	pthread_rwlock_rdlock(&l);
	pthread_rwlock_wrlock(&l);
}

static void *upgrade_by_trying(void *arg)
{
	pthread_rwlock_rdlock(&l);
	pthread_rwlock_unlock(&l);
	if (!pthread_rwlock_trywrlock(&l)) {
		data++;
		pthread_rwlock_unlock(&l);
	}
	return NULL;
}

void trying_writers(void)
{
	twice(upgrade_by_trying);
}

void unlock_without_lock(void)
{
	pthread_rwlock_unlock(&l);
}

void destroy_taken(void)
{
	pthread_rwlock_rdlock(&l);
	pthread_rwlock_destroy(&l);
}

void use_destroyed(void)
{
	pthread_rwlock_destroy(&l);
	pthread_rwlock_wrlock(&l);
}

static void *reader_stays(void *arg)
{
	pthread_rwlock_rdlock(&l);
	return NULL;
}

void writer_waits_for_ever(void)
{
	both(reader_stays, writer);
}

static atomic_int stop;

static void *stop_it(void *arg)
{
	atomic_store(&stop, 1);
	return NULL;
}

static void *read_in_loop(void *arg)
{
	pthread_rwlock_rdlock(&l);
	while (!atomic_load(&stop))
		pthread_rwlock_rdlock(&l);
	pthread_rwlock_unlock(&l);
	return NULL;
}

void read_once_more_in_a_loop(void)
{
	both(read_in_loop, stop_it);
	assert(!pthread_rwlock_trywrlock(&l));
}
