// SPDX-License-Identifier: MIT
/* heap.c - cases for lib/program/{heap,string,stdio}.c; see case.h. */
#include "case.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct node {
	int value;
	struct node *next;
};

static _Atomic(struct node *) head;

static void *publish(void *arg)
{
	struct node *n = malloc(sizeof(*n));

	n->value = 7;
	atomic_store_explicit(&head, n, memory_order_release);
	return NULL;
}

static void *publish_relaxed(void *arg)
{
	struct node *n = malloc(sizeof(*n));

	n->value = 7;
	atomic_store_explicit(&head, n, memory_order_relaxed);
	return NULL;
}

static void *look(void *arg)
{
	struct node *n = atomic_load_explicit(&head, memory_order_acquire);

	if (n)
		assert(n->value == 7);
	return NULL;
}

void published(void)
{
	both(publish, look);
	free(head);
}

void published_relaxed(void)
{
	both(publish_relaxed, look);
}

static void *take_and_free(void *arg)
{
	free(atomic_exchange(&head, NULL));
	return NULL;
}

void freed_under_reader(void)
{
	publish(NULL);
	both(look, take_and_free);
}

void taken_once(void)
{
	publish(NULL);
	twice(take_and_free);
}

static void *load_and_free(void *arg)
{
	free(atomic_load(&head));
	return NULL;
}

void freed_by_both(void)
{
	publish(NULL);
	twice(load_and_free);
}

void freed_twice(void)
{
	int *p = malloc(4);

	free(p);
	free(p);
}

void used_after_free(void)
{
	int *p = malloc(4);

	atomic_store(&head, (void *)p);
	*p = 1;
	free(p);
	*(volatile int *)p = 2;
}

static int variable;

void frees_variable(void)
{
	free(&variable);
}

void frees_middle(void)
{
	char *p = malloc(16);

	free(p + 4);
}

void past_the_end(void)
{
	volatile char *p = malloc(5);

	p[5] = 1;
}

void null_pointer(void)
{
	struct node *n = atomic_load(&head);

	n->value = 1;
}

static char text[16], copy[16];
static int numbers[4] = { 1, 2, 3, 4 };

void strings(void)
{
	char *p;

	strcpy(text, "abc");
	strcat(text, "def");
	assert(strlen(text) == 6 && !strcmp(text, "abcdef") && strcmp(text, "abd") < 0);
	assert(!strncmp(text, "abcxyz", 3) && strchr(text, 'd') == text + 3);
	assert(strrchr(text, 'f') == text + 5 && strstr(text, "cd") == text + 2);
	memcpy(copy, text, sizeof(copy));
	assert(!memcmp(copy, text, sizeof(text)) && memchr(copy, 'e', 16) == copy + 4);
	memmove(copy + 1, copy, 6);
	assert(!strcmp(copy, "aabcdef"));
	memset(copy, 'x', 3);
	assert(copy[2] == 'x' && copy[3] == 'c');
	p = strdup(copy);
	assert(!strcmp(p, copy));
	free(p);
	snprintf(copy, sizeof(copy), "%d-%s", 42, "ok");
	assert(!strcmp(copy, "42-ok"));
	printf("%s\n", copy);
}

void numbers_and_bytes(void)
{
	int other[4];
	struct node a = { .value = 3 }, b;

	memcpy(other, numbers, sizeof(other));
	assert(other[3] == 4);
	memset(numbers, 0, sizeof(numbers));
	assert(!numbers[2]);
	b = a;
	assert(b.value == 3);
}

struct big {
	long words[9];
};

static struct big big, big_copy;

static void *write_big(void *arg)
{
	for (int i = 0; i < 9; i++)
		big.words[i] = i;
	atomic_store_explicit((_Atomic(struct node *) *)&head, (void *)&big, memory_order_release);
	return NULL;
}

static void *copy_big(void *arg)
{
	if (!atomic_load_explicit(&head, memory_order_acquire))
		return NULL;
	big_copy = big;
	assert(big_copy.words[8] == 8 && big_copy.words[1] == 1);
	return NULL;
}

static void *copy_big_unordered(void *arg)
{
	big_copy = big;
	return NULL;
}

void struct_copy(void)
{
	both(write_big, copy_big);
}

void struct_copy_race(void)
{
	both(write_big, copy_big_unordered);
}

static void *set_text(void *arg)
{
	memset(text, 'a', sizeof(text));
	return NULL;
}

static void *get_text(void *arg)
{
	memcpy(copy, text, sizeof(copy));
	return NULL;
}

void library_calls_race(void)
{
	both(set_text, get_text);
}

void reallocated(void)
{
	int *p = malloc(2 * sizeof(*p));

	p[0] = 4;
	p[1] = 5;
	p = realloc(p, 4 * sizeof(*p));
	assert(p[0] == 4 && p[1] == 5);
	free(p);
}

void old_after_realloc(void)
{
	volatile int *p = malloc(8), *q;

	p[0] = 1;
	q = realloc((void *)p, 16);
	q[0] = p[0];
}

void aligned(void)
{
	void *p = aligned_alloc(64, 128), *q;

	assert(!((uintptr_t)p % 64) && !posix_memalign(&q, 32, 8) && !((uintptr_t)q % 32));
	free(p);
	free(q);
	p = calloc(4, 8);
	assert(!*(int *)p);
	free(p);
	free(NULL);
}

/* A store to one bit-field keeps the other, whose value it reads. */
static struct {
	unsigned int a : 3, b : 5;
} bits;
static pthread_mutex_t bits_lock = PTHREAD_MUTEX_INITIALIZER;

static void *set_a(void *arg)
{
	pthread_mutex_lock(&bits_lock);
	bits.a = 1;
	pthread_mutex_unlock(&bits_lock);
	return NULL;
}

static void *set_b(void *arg)
{
	pthread_mutex_lock(&bits_lock);
	bits.b = 2;
	pthread_mutex_unlock(&bits_lock);
	return NULL;
}

static void *set_b_without(void *arg)
{
	bits.b = 2;
	return NULL;
}

void bit_fields(void)
{
	both(set_a, set_b);
	assert(bits.a == 1 && bits.b == 2);
}

void bit_fields_race(void)
{
	both(set_a, set_b_without);
}

/* What a library function reads lies there as the thread sees it. */
static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void *sort_numbers(void *arg)
{
	qsort(numbers, 4, sizeof(numbers[0]), compare_numbers);
	return NULL;
}

static void *set_number(void *arg)
{
	numbers[2] = 0;
	return NULL;
}

static void *set_digits(void *arg)
{
	strcpy(text, "12 34");
	return NULL;
}

void sorted(void)
{
	pthread_t t;

	set_number(NULL);
	pthread_create(&t, NULL, sort_numbers, NULL);
	pthread_join(t, NULL);
	assert(!numbers[0] && numbers[1] == 1 && numbers[2] == 2 && numbers[3] == 4);
}

void sort_race(void)
{
	both(sort_numbers, set_number);
}

void parsed(void)
{
	pthread_t t;
	char *end, *rest;

	pthread_create(&t, NULL, set_digits, NULL);
	pthread_join(t, NULL);
	assert(strtol(text, &end, 10) == 12 && end == text + 2 && atoi(end) == 34);
	assert(!strcmp(strtok_r(text, " ", &rest), "12") && !strcmp(rest, "34"));
}

static void *read_digits(void *arg)
{
	return (void *)(long)atoi(text);
}

void parse_race(void)
{
	both(set_digits, read_digits);
}
