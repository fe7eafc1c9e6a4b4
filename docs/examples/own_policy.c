/*
 * own_policy.c - a decision of one's own: when may a write fault use the page that is there?
 *
 * Linux since 5.19: if the page is exclusive to the process, pins or not. Here: if nobody else has a reference at
 * all. Then a pin is enough to make the next write fault copy, and device and program part.
 */
#include <stdio.h>

#include <faultline/faultline.h>

static bool only_reference(void *arg, const struct fl_reuse_question *q)
{
	bool reuse = q->mapcount == 1 && q->refcount == 1;

	printf("  mapcount %d, refcount %d: %s; the kernel would %s\n", q->mapcount, q->refcount,
	       reuse ? "use it" : "copy", q->kernel ? "use it" : "copy");
	++*(unsigned int *)arg;
	return reuse;
}

/* A page is pinned, made read-only, and written to. Does the device still see what the program writes? */
static int pin_and_store(const char *name, bool *together)
{
	struct fl_machine_config config = { .cpus = 1, .frames = 64, .lru_batch = FL_LRU_NO_BATCH };
	struct fl_machine *m;
	struct fl_mm *mm;
	struct fl_cpu *cpu;
	struct fl_pin pin;
	fl_vaddr page;
	uint64_t word = 0;
	int err = fl_machine_create(&m, &config);

	if (err)
		return err;
	cpu = fl_machine_cpu(m, 0);
	err = fl_mm_create(&mm, m);
	if (!err)
		fl_switch_mm(cpu, mm);
	if (!err)
		err = fl_cpu_bind(cpu);
	if (!err)
		err = fl_mmap_anon(&page, mm, 1, FL_READ | FL_WRITE);
	if (!err)
		err = fl_store(cpu, page, 1);
	if (!err)
		err = fl_ksm_write_protect(cpu, mm, page); /* read-only from here on */
	if (!err && fl_pin_user_pages_fast(cpu, page, 1, 0, &pin) != 1)
		err = -1;
	if (err)
		return err;
	printf("%s:\n", name);
	err = fl_store(cpu, page, 2);
	if (!err)
		err = fl_load(&word, cpu, page);
	*together = fl_pin_load(&pin, 0) == word;
	printf("  the program sees %llu, the device %llu\n", (unsigned long long)word,
	       (unsigned long long)fl_pin_load(&pin, 0));
	fl_unpin(cpu, &pin);
	fl_cpu_unbind(cpu);
	fl_mm_destroy(mm);
	fl_machine_destroy(m);
	return err;
}

int main(void)
{
	unsigned int asked = 0;
	const struct fl_decisions own = { .arg = &asked, .reuse = only_reference };
	bool kernel_together, own_together;

	if (pin_and_store("the kernel's rule", &kernel_together) || fl_decisions_set(&own) ||
	    pin_and_store("one reference", &own_together))
		return 1;
	fl_decisions_set(NULL);
	/* What this example claims. */
	return !(kernel_together && !own_together && asked);
}
