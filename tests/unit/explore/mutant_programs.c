/* SPDX-License-Identifier: MIT */
/* mutant_programs.c - see mutant_programs.h. Right results follow from the models' definitions, by hand. */
#include "mutant_programs.h"

#include <errno.h>

#include <faultline/rt/alloc.h>
#include <faultline/rt/check/base.h>

#include "../../../lib/explore/exec.h"

static struct shared {
	uint64_t x, y, z, srcu, other_srcu;
	struct object {
		uint64_t value;
	} * object;
} * s;

static int set_up(void *arg)
{
	(void)arg;
	s = fl_zalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->object = fl_zalloc(sizeof(*s->object));
	return s->object ? 0 : -ENOMEM;
}

/* ---- the words of the programs ---- */

static uint64_t get(const uint64_t *p)
{
	return fl_ev_load(p, sizeof(*p), FL_ONCE, FL_SITE("load"));
}

static uint64_t get_acquire(const uint64_t *p)
{
	return fl_ev_load(p, sizeof(*p), FL_ACQUIRE, FL_SITE("load acquire"));
}

static void put(uint64_t *p, uint64_t v)
{
	fl_ev_store(p, sizeof(*p), v, FL_ONCE, FL_SITE("store"));
}

static void fence(enum fl_fence f)
{
	fl_ev_fence(f, FL_SITE("fence"));
}

/* The next access depends on the thread's load number @load. */
static void data_from(int load)
{
	fl_ev_deps(&(struct fl_deps){ .data = 1ull << load, .exact = true });
}

static void control_from(int load)
{
	fl_ev_deps(&(struct fl_deps){ .ctrl = 1ull << load, .exact = true });
}

/* ---- fences and dependencies ---- */

static void x_wmb_y(void *arg)
{
	put(&s->x, 1);
	fence(FL_FENCE_WMB);
	put(&s->y, 1);
}

static void y_ctrl_acquire_x(void *arg)
{
	get(&s->y);
	fence(FL_FENCE_ACQUIRE_CTRL);
	get(&s->x);
}

static void y_mb_x(void *arg)
{
	put(&s->y, 1);
	fence(FL_FENCE_MB);
	get(&s->x);
}

static void section_x_after_y(void *arg)
{
	uint64_t idx = fl_ev_srcu_lock(&s->srcu, 8, FL_SITE("srcu_read_lock"));

	put(&s->x, 1);
	data_from(0);
	fl_ev_srcu_unlock(&s->srcu, 8, idx, FL_SITE("srcu_read_unlock"));
	fence(FL_FENCE_AFTER_SRCU_READ_UNLOCK);
	get(&s->y);
}

static void nothing(void *arg)
{
}

static void x_spawn_y(void *arg)
{
	put(&s->x, 1);
	exec_spawn(nothing, NULL, 0);
	get(&s->y);
}

static void x2_wmb_y(void *arg)
{
	put(&s->x, 2);
	fence(FL_FENCE_WMB);
	put(&s->y, 1);
}

static void y_data_x(void *arg)
{
	get(&s->y);
	data_from(0);
	put(&s->x, 1);
}

static void y_control_x(void *arg)
{
	get(&s->y);
	control_from(0);
	put(&s->x, 1);
}

/* The value goes by z, as a local variable in memory. */
static void y_data_local_data_x(void *arg)
{
	uint64_t v = get(&s->y);

	data_from(0);
	fl_ev_store(&s->z, 8, v, FL_PLAIN, FL_SITE("local = y"));
	fl_ev_load(&s->z, 8, FL_PLAIN, FL_SITE("local"));
	data_from(1);
	put(&s->x, 1);
}

static void y_data_z_own_z_x(void *arg)
{
	get(&s->y);
	data_from(0);
	put(&s->z, 5);
	get_acquire(&s->z);
	get(&s->x);
}

/* ---- SRCU ---- */

static void x_sync_srcu_y(void *arg)
{
	put(&s->x, 1);
	fl_ev_sync_srcu(&s->srcu, 8, FL_SITE("synchronize_srcu"));
	put(&s->y, 1);
}

static void sync_other_srcu(void *arg)
{
	fl_ev_sync_srcu(&s->other_srcu, 8, FL_SITE("synchronize_srcu"));
}

static void other_section(void *arg)
{
	uint64_t idx = fl_ev_srcu_lock(&s->other_srcu, 8, FL_SITE("srcu_read_lock"));

	get(&s->x);
	get(&s->y);
	data_from(0);
	fl_ev_srcu_unlock(&s->other_srcu, 8, idx, FL_SITE("srcu_read_unlock"));
}

static void section_with_index_in_memory(void *arg)
{
	uint64_t idx = fl_ev_srcu_lock(&s->srcu, 8, FL_SITE("srcu_read_lock"));

	data_from(0);
	put(&s->z, idx);
	get(&s->x);
	get(&s->y);
	idx = get(&s->z);
	data_from(3);
	fl_ev_srcu_unlock(&s->srcu, 8, idx, FL_SITE("srcu_read_unlock"));
}

/* ---- objects that are freed ---- */

static void free_object(void *arg)
{
	fl_free(s->object);
}

static void read_object(void *arg)
{
	get(&s->object->value);
}

static void hide_sync_free(void *arg)
{
	put(&s->x, 1);
	fence(FL_FENCE_SYNC_RCU);
	fl_free(s->object);
}

static void read_object_in_section(void *arg)
{
	fence(FL_FENCE_RCU_LOCK);
	if (!get(&s->x))
		get(&s->object->value);
	fence(FL_FENCE_RCU_UNLOCK);
}

/* ---- threads, choices, waiting ---- */

static void load_x(void *arg)
{
	get(&s->x);
}

static void x_spawn_load_x(void *arg)
{
	put(&s->x, 1);
	exec_spawn(load_x, NULL, 0);
}

static void choose_of_three(void *arg)
{
	exec_choose(3, FL_SITE("choice"), 0);
}

static void load_x_choose(void *arg)
{
	get(&s->x);
	exec_choose(2, FL_SITE("choice"), 0);
}

static void store_x(void *arg)
{
	put(&s->x, 1);
}

static void assume_first_choice(void *arg)
{
	if (exec_choose(2, FL_SITE("choice"), 0))
		exec_prune();
}

static void sync_in_section(void *arg)
{
	fence(FL_FENCE_RCU_LOCK);
	fence(FL_FENCE_SYNC_RCU);
	fence(FL_FENCE_RCU_UNLOCK);
}

/* ---- what ordinary programs do, announced as the compiler would ---- */

void __tsan_read8(void *addr);
void __tsan_write8(void *addr);

static void plain_store_x(void *arg)
{
	__tsan_write8(&s->x);
	s->x = 1;
}

static void plain_load_x(void *arg)
{
	__tsan_read8(&s->x);
}

const struct mutant_program mutant_programs[] = {
	{ FLX_MUT_NO_ACQUIRE_CTRL,
	  "MP+wmb+ctrl-acquire",
	  FLX_LKMM,
	  { x_wmb_y, y_ctrl_acquire_x },
	  ADDS,
	  NULL,
	  3 },
	{ FLX_MUT_NO_AFTER_SRCU_UNLOCK,
	  "SB+after-srcu-unlock+mb",
	  FLX_LKMM,
	  { section_x_after_y, y_mb_x },
	  ADDS,
	  NULL,
	  3 },
	{ FLX_MUT_SPAWN_NO_MB, "SB+spawn+mb", FLX_LKMM, { x_spawn_y, y_mb_x }, ADDS, NULL, 3 },
	{ FLX_MUT_PPO_NO_DATA, "S+wmb+data", FLX_LKMM, { x2_wmb_y, y_data_x }, ADDS, NULL, 3 },
	{ FLX_MUT_PPO_NO_CTRL, "S+wmb+ctrl", FLX_LKMM, { x2_wmb_y, y_control_x }, ADDS, NULL, 3 },
	{ FLX_MUT_NO_CARRY_DEP,
	  "S+wmb+data through a local",
	  FLX_LKMM,
	  { x2_wmb_y, y_data_local_data_x },
	  ADDS,
	  NULL,
	  3 },
	{ FLX_MUT_PPO_NO_DEP_RFI,
	  "MP+wmb+data-rfi-acquire",
	  FLX_LKMM,
	  { x_wmb_y, y_data_z_own_z_x },
	  ADDS,
	  NULL,
	  3 },
	{ FLX_MUT_SRCU_NO_CARRY,
	  "MP+sync-srcu+section, index in memory",
	  FLX_LKMM,
	  { x_sync_srcu_y, section_with_index_in_memory },
	  ADDS,
	  NULL,
	  3 },
	{ FLX_MUT_SRCU_NO_LOC,
	  "MP+sync-srcu+section of another",
	  FLX_LKMM,
	  { x_sync_srcu_y, other_section, sync_other_srcu },
	  LOSES,
	  NULL,
	  4 },
	{ FLX_MUT_NO_FREE,
	  "free | load",
	  FLX_SC,
	  { free_object, read_object },
	  MISSES,
	  "use-after-free" },
	{ FLX_MUT_FREE_NO_RCU,
	  "sync; free | section",
	  FLX_SC,
	  { hide_sync_free, read_object_in_section },
	  INVENTS,
	  NULL,
	  2 },
	{ FLX_MUT_TSO_NO_THREADS,
	  "a store and a new thread's load",
	  FLX_TSO,
	  { x_spawn_load_x },
	  ADDS,
	  NULL,
	  1 },
	{ FLX_MUT_NO_CHOICE, "choice", FLX_SC, { choose_of_three }, LOSES, NULL, 3 },
	{ FLX_MUT_CHOICE_ALWAYS_MAXIMAL,
	  "load, choice | store",
	  FLX_SC,
	  { load_x_choose, store_x },
	  REPEATS,
	  NULL,
	  4 },
	{ FLX_MUT_COUNT_PRUNED, "assumption", FLX_SC, { assume_first_choice }, ADDS, NULL, 1 },
	{ FLX_MUT_NO_LASTING_GP,
	  "sync in a section",
	  FLX_LKMM,
	  { sync_in_section },
	  MISSES,
	  "deadlock" },
	{ FLX_MUT_NO_RESTART,
	  "plain store | plain load",
	  FLX_RC11,
	  { plain_store_x, plain_load_x },
	  MISSES,
	  "data-race",
	  0,
	  true },
};

const size_t nr_mutant_programs = sizeof(mutant_programs) / sizeof(mutant_programs[0]);

void mutant_program_run(const struct mutant_program *p, enum flx_mutant mutant,
			struct flx_result *res)
{
	struct flx_program fp = { .set_up = set_up, .ordinary = p->ordinary };
	struct flx_options fo = {
		.model = p->model,
		.mutant = mutant,
		.races = p->ordinary,
		.hash = true,
		.max_executions = 100,
	};
	char err[128];

	while (p->thread[fp.nthreads]) {
		fp.thread[fp.nthreads] = p->thread[fp.nthreads];
		fp.nthreads++;
	}
	if (flx_explore(&fp, &fo, res, err, sizeof(err)))
		res->verdict = FLX_INCONCLUSIVE;
	flx_record_free(res->record);
	res->record = NULL;
}
