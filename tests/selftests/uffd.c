// SPDX-License-Identifier: MIT
/*
 * uffd.c - what selftests/mm/uffd-unit-tests.c checks, written anew, as far as the model reaches: registration,
 * zeropage, wp-fork, wp-fork-pin, wp-unpopulated, minor, minor-wp. Events, move, poison and sigbus are not modelled.
 */
#include "process.h"

#include <pthread.h>

#define PAGES 4

#define BEFORE_5_7 "4.8"
#define BEFORE_5_14 "4.8 5.7 5.8 5.9 5.11 5.12"
#define BEFORE_5_19 BEFORE_5_14 " 5.18"
#define BEFORE_6_4 BEFORE_5_19 " 5.19 6.0 6.1 6.3"
#define ALL BEFORE_6_4 " 6.4 6.5 6.12 6.14 6.15 6.17"

enum memory { ANON, SHMEM, SHMEM_PRIVATE, REGULAR_FILE };

static const char *const memory_names[] = { "anon", "shmem", "shmem-private", "file" };
static enum memory memory;
static fl_vaddr mem;
static struct fl_file *file; /* the mapping keeps it */
static struct fl_uffd *uffd;

static void map_memory(void)
{
	enum fl_file_kind kind = memory == REGULAR_FILE ? FL_FILE_REGULAR : FL_FILE_SHMEM;

	if (memory == ANON) {
		mem = map_anon(&parent, PAGES, RW);
		return;
	}
	ck_assert_int_eq(fl_file_create(&file, machine, kind, PAGES, 0), 0);
	mem = map_file(&parent, PAGES, RW, memory == SHMEM_PRIVATE ? 0 : FL_MAP_SHARED, file);
	fl_file_put(file);
}

static void unmap_all(void)
{
	fl_uffd_close(uffd);
	uffd = NULL;
	unmap(&parent, mem, PAGES);
	if (child.mm)
		child_exits();
}

static void begin(unsigned int mode_)
{
	map_memory();
	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, PAGES, mode_), 0);
}

/* --- register-ioctls --- */

static unsigned int mode;

/* Can be registered, and UFFDIO_WRITEPROTECT is there with the mode that it is for. */
static void register_range(void)
{
	int err;

	map_memory();
	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	err = fl_uffd_register(uffd, parent.cpu, mem, PAGES, mode);
	if (err) {
		ck_assert_int_eq(err, -EINVAL);
	} else {
		int want = mode & FL_UFFD_WP ? 0 : -ENOENT;

		ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, PAGES, true), want);
		ck_assert_int_eq(fl_uffd_unregister(uffd, parent.cpu, mem, PAGES), 0);
	}
	holds(!err, "can't be registered");
	unmap_all();
}

static void unknown_mode(void)
{
	map_memory();
	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, PAGES, 8), -EINVAL);
	unmap_all();
	ck_assert_int_eq(fl_uffd_create_with(&uffd, parent.mm, 1U << 20), -EINVAL);
	uffd = NULL;
}

/* --- zeropage --- */

static void zeropage(void)
{
	begin(FL_UFFD_MISSING);
	holds(!fl_uffd_zeropage(uffd, mem), "it can't be placed");
	holds(fl_uffd_zeropage(uffd, mem) == -EEXIST, "it can be placed twice");
	holds(load(&parent, mem) == 0 && load(&parent, mem + 8) == 0, "it is not zero");
	fill(&parent, mem, 5);
	holds(reads(&parent, mem, 5), "it can't be written to");
	unmap_all();
}

/* --- wp-fork: a child has no userfaultfd, so it has no protected entries --- */

static bool with_pin;

/* Protected in the parent, not in the child, which is made for this. */
static void protected_in_parent_alone(const char *what)
{
	struct fl_pin pins[2];

	holds(uffd_wp(&parent, mem), "%s: not protected in the parent", what);
	if (with_pin) /* fork has to copy it then */
		ck_assert_int_eq(
			fl_pin_user_pages(parent.cpu, parent.mm, mem, 1, FL_GUP_LONGTERM, &pins[0]),
			1);
	fork_child();
	holds(!uffd_wp(&child, mem), "%s: protected in the child", what);
	if (with_pin) {
		ck_assert_int_eq(
			fl_pin_user_pages(child.cpu, child.mm, mem, 1, FL_GUP_LONGTERM, &pins[1]),
			1);
		holds(!uffd_wp(&child, mem), "%s: protected in the child that pins it", what);
		fl_unpin(child.cpu, &pins[1]);
		fl_unpin(parent.cpu, &pins[0]);
	}
	/* Nobody is asked. */
	fill(&child, mem, 7);
	holds(reads(&child, mem, 7), "%s: the child can't write", what);
	holds(uffd_wp(&parent, mem), "%s: no longer protected in the parent", what);
	child_exits();
}

static void wp_fork(void)
{
	begin(FL_UFFD_WP);
	fill(&parent, mem, 1);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, true), 0);
	protected_in_parent_alone("present");
	if (!with_pin && memory == SHMEM) {
		/* The page stays in the file, a marker in its place. */
		advise(&parent, mem, 1, FL_MADV_DONTNEED);
		ck_assert(!(pagemap_of(&parent, mem) & FL_PM_PRESENT));
		protected_in_parent_alone("marker");
	} else if (!with_pin) {
		swap_out(&parent, mem);
		protected_in_parent_alone("in swap");
	}
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, false), 0);
	holds(!uffd_wp(&parent, mem), "still protected after all");
	fill(&parent, mem, 2);
	holds(!uffd_wp(&parent, mem), "protected again by a write");
	unmap_all();
}

/* --- wp-unpopulated --- */

static void wp_unpopulated(void)
{
	map_memory();
	ck_assert_int_eq(fl_uffd_create_with(&uffd, parent.mm, FL_UFFD_FEATURE_WP_UNPOPULATED), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, PAGES, FL_UFFD_WP), 0);

	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, true), 0);
	holds(uffd_wp(&parent, mem), "no marker");
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, false), 0);
	holds(!uffd_wp(&parent, mem), "the marker is still there");

	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, true), 0);
	advise(&parent, mem, 1, FL_MADV_DONTNEED);
	holds(!uffd_wp(&parent, mem), "the marker outlived MADV_DONTNEED");
	fill(&parent, mem, 1);
	holds(!uffd_wp(&parent, mem), "a write made it protected");
	advise(&parent, mem, 1, FL_MADV_DONTNEED);

	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, true), 0);
	holds(load(&parent, mem) == 0, "there is no zero page behind the marker");
	holds(uffd_wp(&parent, mem), "a read took the protection away");
	advise(&parent, mem, 1, FL_MADV_DONTNEED);
	holds(!uffd_wp(&parent, mem), "the protection outlived MADV_DONTNEED");
	unmap_all();
}

/* --- minor, minor-wp --- */

static bool with_wp;

struct handler {
	pthread_t thread;
	unsigned int minor, missing; /* faults */
	bool failed;
};

/* Changes the page by way of the file before it lets the fault go on. */
static void *handle(void *arg)
{
	struct handler *h = arg;

	for (unsigned int i = 0; i < PAGES && !h->failed; i++) {
		struct fl_uffd_msg msg;
		uint64_t page;

		if (fl_uffd_read(&msg, uffd))
			abort();
		if (msg.minor)
			h->minor++;
		else
			h->missing++;
		page = (msg.addr - mem) / PAGE;
		h->failed |= fl_file_write(file, page, 0, ~page) ||
			     (with_wp ? fl_uffd_continue_wp(uffd, msg.addr)
				      : fl_uffd_continue(uffd, msg.addr));
	}
	return NULL;
}

static void minor(void)
{
	struct handler handler = { 0 };

	begin(FL_UFFD_MINOR | (with_wp ? FL_UFFD_WP : 0));
	for (uint64_t i = 0; i < PAGES; i++)
		ck_assert_int_eq(fl_file_write(file, i, 0, i), 0);
	ck_assert_int_eq(pthread_create(&handler.thread, NULL, handle, &handler), 0);
	for (uint64_t i = 0; i < PAGES; i++)
		holds(load(&parent, mem + i * PAGE) == ~i, "page %u is as it was", (unsigned int)i);
	pthread_join(handler.thread, NULL);
	ck_assert(!handler.failed);
	holds(handler.minor == PAGES && !handler.missing, "%u minor faults, %u others",
	      handler.minor, handler.missing);
	for (uint64_t i = 0; i < PAGES; i++)
		holds(uffd_wp(&parent, mem + i * PAGE) == with_wp, "page %u: protection",
		      (unsigned int)i);
	unmap_all();
}

/* --- all of them --- */

#define REGISTER(memory_, mode_, refused_)                                                         \
	{                                                                                          \
		"register, mode " #mode_, register_range, memory_, mode_, false, refused_, NULL    \
	}

static const struct row {
	const char *name;
	void (*run)(void);
	enum memory memory;
	unsigned int mode;
	bool with; /* a pin, protection */
	const char *broken, *missing;
} rows[] = {
	REGISTER(ANON, 0, ALL),
	REGISTER(ANON, FL_UFFD_MISSING, NULL),
	REGISTER(ANON, FL_UFFD_WP, BEFORE_5_7),
	REGISTER(ANON, FL_UFFD_MISSING | FL_UFFD_WP, BEFORE_5_7),
	REGISTER(ANON, FL_UFFD_MINOR, ALL),
	REGISTER(ANON, FL_UFFD_MISSING | FL_UFFD_MINOR, ALL),
	REGISTER(ANON, FL_UFFD_WP | FL_UFFD_MINOR, ALL),
	REGISTER(ANON, FL_UFFD_MISSING | FL_UFFD_WP | FL_UFFD_MINOR, ALL),
	REGISTER(SHMEM, 0, ALL),
	REGISTER(SHMEM, FL_UFFD_MISSING, NULL),
	REGISTER(SHMEM, FL_UFFD_WP, BEFORE_5_19),
	REGISTER(SHMEM, FL_UFFD_MISSING | FL_UFFD_WP, BEFORE_5_19),
	REGISTER(SHMEM, FL_UFFD_MINOR, BEFORE_5_14),
	REGISTER(SHMEM, FL_UFFD_MISSING | FL_UFFD_MINOR, BEFORE_5_14),
	REGISTER(SHMEM, FL_UFFD_WP | FL_UFFD_MINOR, BEFORE_5_19),
	REGISTER(SHMEM, FL_UFFD_MISSING | FL_UFFD_WP | FL_UFFD_MINOR, BEFORE_5_19),
	REGISTER(REGULAR_FILE, FL_UFFD_MISSING, ALL),
	REGISTER(REGULAR_FILE, FL_UFFD_WP, ALL),
	REGISTER(REGULAR_FILE, FL_UFFD_MINOR, ALL),
	{ "unknown mode", unknown_mode, ANON, 0, false, NULL, NULL },
	{ "zeropage", zeropage, ANON, 0, false, NULL, NULL },
	{ "zeropage", zeropage, SHMEM, 0, false, NULL, NULL },
	{ "wp-fork", wp_fork, ANON, 0, false, NULL, BEFORE_5_7 },
	{ "wp-fork", wp_fork, SHMEM, 0, false, NULL, BEFORE_5_19 },
	{ "wp-fork", wp_fork, SHMEM_PRIVATE, 0, false, NULL, BEFORE_5_19 },
	/* In 5.8 the pin waits, see below. */
	{ "wp-fork-pin", wp_fork, ANON, 0, true, NULL, BEFORE_5_7 " 5.8" },
	{ "wp-fork-pin", wp_fork, SHMEM, 0, true, NULL, BEFORE_5_19 },
	{ "wp-fork-pin", wp_fork, SHMEM_PRIVATE, 0, true, NULL, BEFORE_5_19 },
	{ "wp-unpopulated", wp_unpopulated, ANON, 0, false, NULL, BEFORE_6_4 },
	{ "minor", minor, SHMEM, 0, false, NULL, BEFORE_5_14 },
	{ "minor-wp", minor, SHMEM, 0, true, NULL, BEFORE_5_19 },
};

static struct fl_machine_config config = { .swap_slots = 8 };
static const int nr_cases = sizeof(rows) / sizeof(rows[0]);

static struct self_case case_of(int i)
{
	const struct row *row = &rows[i];
	struct self_case c = { .run = row->run, .broken = row->broken, .missing = row->missing };

	memory = row->memory;
	mode = row->mode;
	with_pin = with_wp = row->with;
	snprintf(c.name, sizeof(c.name), "%s, on %s", row->name, memory_names[memory]);
	return c;
}

/* 5.8: taking a reference to read a page is a write, which userfaultfd is asked about (17839856fd58). */
static void *unprotect(void *arg)
{
	struct fl_uffd_msg *msg = arg;

	if (fl_uffd_read(msg, uffd) || fl_uffd_writeprotect(uffd, msg->addr, 1, false))
		abort();
	return NULL;
}

START_TEST(in_5_8_a_pin_for_reading_waits_for_userfaultfd)
{
	struct fl_uffd_msg msg;
	pthread_t thread;
	struct fl_pin pin;

	make_machine(&config, "5.8");
	begin_process();
	memory = ANON;
	begin(FL_UFFD_WP);
	fill(&parent, mem, 1);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, 1, true), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, unprotect, &msg), 0);
	ck_assert_int_eq(fl_pin_user_pages(parent.cpu, parent.mm, mem, 1, FL_GUP_LONGTERM, &pin),
			 1);
	pthread_join(thread, NULL);
	ck_assert(msg.addr == mem && msg.write && msg.wp);
	fl_unpin(parent.cpu, &pin);
	unmap_all();
	end_process();
	end_machine();
}
END_TEST

int main(void)
{
	return run_suite("selftests.uffd", in_5_8_a_pin_for_reading_waits_for_userfaultfd);
}
