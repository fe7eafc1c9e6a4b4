// SPDX-License-Identifier: MIT
/* uninitialised.c - objects of the library in memory of malloc(), where their init function was forgotten. */
#include "case.h"

#include <semaphore.h>
#include <string.h>

static union {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_spinlock_t spin;
	sem_t sem;
	pthread_once_t once;
} * object;

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

void mutex(void)
{
	object = malloc(sizeof(*object));
	pthread_mutex_lock(&object->mutex);
	pthread_mutex_unlock(&object->mutex);
}

void mutex_destroyed(void)
{
	object = malloc(sizeof(*object));
	pthread_mutex_destroy(&object->mutex);
}

void mutex_cleared(void)
{
	object = calloc(1, sizeof(*object));
	pthread_mutex_lock(&object->mutex);
	pthread_mutex_unlock(&object->mutex);
}

void mutex_set_to_zero(void)
{
	object = malloc(sizeof(*object));
	memset(object, 0, sizeof(*object));
	pthread_mutex_lock(&object->mutex);
	pthread_mutex_unlock(&object->mutex);
}

void cond_signalled(void)
{
	object = malloc(sizeof(*object));
	pthread_cond_signal(&object->cond);
}

void cond_waited_for(void)
{
	object = malloc(sizeof(*object));
	pthread_mutex_lock(&m);
	pthread_cond_wait(&object->cond, &m);
}

void rwlock(void)
{
	object = malloc(sizeof(*object));
	pthread_rwlock_rdlock(&object->rwlock);
}

void spin(void)
{
	object = malloc(sizeof(*object));
	pthread_spin_lock(&object->spin);
}

static void *wait_for_it(void *arg)
{
	sem_wait(&object->sem);
	return NULL;
}

static void *post(void *arg)
{
	sem_post(&object->sem);
	return NULL;
}

void sem_posted(void)
{
	object = malloc(sizeof(*object));
	both(wait_for_it, post);
}

static void nothing(void)
{
}

void once(void)
{
	object = malloc(sizeof(*object));
	pthread_once(&object->once, nothing);
}
