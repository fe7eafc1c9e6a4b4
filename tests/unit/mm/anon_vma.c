// SPDX-License-Identifier: MIT
/*
 * anon_vma.c - tests lib/mm/anon_vma.c: who shares an anon_vma, what fork makes of it, and that nothing
 * is left of a family when its last area goes.
 */
#include "layout.h"

#include <errno.h>

static struct fl_mm *fl_child;
static struct mm_struct *child;

static void make_child(void)
{
	ck_assert_int_eq(fl_mm_create(&fl_child, machine), 0);
	child = &fl_child->mm;
}

START_TEST(the_first_write_gives_an_area_an_anon_vma)
{
	struct anon_vma *anon_vma;

	map_at(1, 2, RW);
	ck_assert_ptr_null(area_of(1)->anon_vma);
	/* The zero page belongs to nobody. */
	load(cpu0, 1 * PAGE);
	ck_assert_ptr_null(area_of(1)->anon_vma);
	touch(1);
	anon_vma = area_of(1)->anon_vma;
	ck_assert_ptr_nonnull(anon_vma);
	ck_assert_ptr_eq(page_of(1 * PAGE)->mapping, anon_vma);
	ck_assert_ptr_eq(anon_vma->root, anon_vma);
	ck_assert_int_eq(anon_vma->num_active_vmas, 1);
	ck_assert_int_eq(anon_vma->num_children, 1);
	ck_assert_uint_eq(chain_length(area_of(1)), 1);
	ck_assert_uint_eq(anon_vma_length(anon_vma), 1);
	touch(2);
	ck_assert_ptr_eq(area_of(1)->anon_vma, anon_vma);
	ck_assert_ptr_eq(page_of(2 * PAGE)->mapping, anon_vma);
}
END_TEST

START_TEST(neighbours_that_mprotect_could_make_alike_share_one)
{
	struct anon_vma *anon_vma;

	map_at(1, 6, RW);
	protect(3, 2, FL_READ);
	touch(5);
	anon_vma = area_of(5)->anon_vma;
	protect(3, 2, RW);
	protect(4, 1, FL_READ);
	/* From behind, and from before. */
	ck_assert_str_eq(picture(), "AAABCC.........");
	ck_assert_ptr_eq(area_of(4)->anon_vma, anon_vma);
	touch(1);
	ck_assert_ptr_eq(area_of(1)->anon_vma, anon_vma);
	ck_assert_int_eq(anon_vma->num_active_vmas, 3);
	ck_assert_uint_eq(anon_vma_length(anon_vma), 3);
}
END_TEST

START_TEST(neighbours_of_another_kind_do_not)
{
	struct fl_file *file;

	/* A jump in the offset: page 3 thinks that it is page 9. */
	map_at(9, 1, RW);
	touch(9);
	move(9, 1, 3);
	map_at(2, 1, FL_READ);
	protect(2, 1, RW);
	touch(2);
	ck_assert_str_eq(picture(), ".AB............");
	ck_assert_ptr_ne(area_of(2)->anon_vma, area_of(3)->anon_vma);
	/* A file and none. */
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(6, 1, 0, file, 6);
	map_at(5, 1, RW);
	ck_assert_int_eq(anon_vma_prepare(area_of(6)), 0);
	touch(5);
	ck_assert_ptr_ne(area_of(5)->anon_vma, area_of(6)->anon_vma);
	/* A hole. */
	map_at(12, 1, RW);
	map_at(14, 1, RW);
	touch(12);
	touch(14);
	ck_assert_ptr_ne(area_of(12)->anon_vma, area_of(14)->anon_vma);
	fl_file_put(file);
}
END_TEST

START_TEST(what_came_out_of_a_fork_is_not_shared_with_neighbours)
{
	struct vm_area_struct *vma, *near;

	map_unaccounted_at(1, 1, RW);
	touch(1);
	make_child();
	vma = fork_area(child, area_of(1));
	ck_assert_int_eq(vma_link(child, vma), 0);
	near = vm_area_alloc(child, 2 * PAGE, 3 * PAGE, vma->vm_flags);
	ck_assert_int_eq(vma_link(child, near), 0);
	ck_assert_int_eq(anon_vma_prepare(near), 0);
	ck_assert_ptr_ne(near->anon_vma, vma->anon_vma);
	/* The parent's own has one element still. */
	map_unaccounted_at(2, 1, FL_READ);
	ck_assert_int_eq(anon_vma_prepare(area_of(2)), 0);
	ck_assert_ptr_eq(area_of(2)->anon_vma, area_of(1)->anon_vma);
	fl_mm_destroy(fl_child);
}
END_TEST

START_TEST(a_split_copies_the_chain_and_a_merge_takes_it_back)
{
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;

	map_at(1, 4, RW);
	touch(1);
	anon_vma = area_of(1)->anon_vma;
	ck_assert_int_eq(split_vma(mm, area_of(1), 3 * PAGE), 0);
	ck_assert_ptr_eq(area_of(3)->anon_vma, anon_vma);
	ck_assert_uint_eq(chain_length(area_of(3)), 1);
	ck_assert_uint_eq(anon_vma_length(anon_vma), 2);
	ck_assert_int_eq(anon_vma->num_active_vmas, 2);
	ck_assert_uint_eq(refcount_read(&anon_vma->refcount), 1);
	/* Walks come to the older one first. */
	ck_assert_ptr_eq(anon_vma->chain->vma, area_of(1));
	vma = vma_merge(mm, area_of(3));
	ck_assert_ptr_eq(vma, area_of(1));
	ck_assert_uint_eq(anon_vma_length(anon_vma), 1);
	ck_assert_int_eq(anon_vma->num_active_vmas, 1);
	ck_assert_uint_eq(refcount_read(&anon_vma->refcount), 1);
}
END_TEST

START_TEST(a_child_has_its_own_and_all_of_its_ancestors)
{
	struct vm_area_struct *son, *grandson;
	struct anon_vma *root;

	map_at(1, 1, RW);
	touch(1);
	make_child();
	root = area_of(1)->anon_vma;
	son = fork_area(child, area_of(1));
	ck_assert_ptr_nonnull(son->anon_vma);
	ck_assert_ptr_ne(son->anon_vma, root);
	ck_assert_ptr_eq(son->anon_vma->root, root);
	ck_assert_ptr_eq(son->anon_vma->parent, root);
	ck_assert_int_eq(root->num_children, 2);
	ck_assert_int_eq(root->num_active_vmas, 1);
	ck_assert_uint_eq(chain_length(son), 2);
	/* Newest first. */
	ck_assert_ptr_eq(son->anon_vma_chain->anon_vma, son->anon_vma);
	ck_assert_ptr_eq(son->anon_vma_chain->next_same_vma->anon_vma, root);
	grandson = fork_area(child, son);
	ck_assert_uint_eq(chain_length(grandson), 3);
	ck_assert_uint_eq(anon_vma_length(root), 3);
	ck_assert_uint_eq(anon_vma_length(son->anon_vma), 2);
	ck_assert_uint_eq(anon_vma_length(grandson->anon_vma), 1);
	/* All hold the root, nobody a parent that is not. */
	ck_assert_uint_eq(refcount_read(&root->refcount), 3);
	ck_assert_uint_eq(refcount_read(&son->anon_vma->refcount), 1);
	/* The oldest goes first; its anon_vma stays as long as others may have its pages. */
	unmap(1, 1);
	ck_assert_int_eq(root->num_active_vmas, 0);
	ck_assert_uint_eq(anon_vma_length(root), 2);
	end_area(son);
	ck_assert_uint_eq(anon_vma_length(root), 1);
	end_area(grandson);
	fl_mm_destroy(fl_child);
}
END_TEST

START_TEST(an_area_without_pages_leaves_none_to_its_child)
{
	struct vm_area_struct *son;

	map_at(1, 1, RW);
	make_child();
	son = fork_area(child, area_of(1));
	ck_assert_ptr_null(son->anon_vma);
	ck_assert_ptr_null(son->anon_vma_chain);
	end_area(son);
	fl_mm_destroy(fl_child);
}
END_TEST

START_TEST(forks_whose_parents_die_do_not_make_an_endless_chain)
{
	struct vm_area_struct *vma, *next;

	map_at(1, 1, RW);
	touch(1);
	make_child();
	vma = fork_area(child, area_of(1));
	for (int i = 0; i < 20; i++) {
		next = fork_area(child, vma);
		end_area(vma);
		vma = next;
		/* The root, and two that take turns: one without areas of its own is given out again. */
		ck_assert_uint_le(chain_length(vma), 3);
	}
	end_area(vma);
	fl_mm_destroy(fl_child);
}
END_TEST

START_TEST(an_anon_vma_with_two_children_is_not_given_out_again)
{
	struct vm_area_struct *a, *b, *c, *d;
	struct anon_vma *of_a;

	map_at(1, 1, RW);
	touch(1);
	make_child();
	a = fork_area(child, area_of(1));
	of_a = a->anon_vma;
	b = fork_area(child, a);
	c = fork_area(child, a);
	ck_assert_int_eq(of_a->num_children, 2);
	end_area(a);
	ck_assert_int_eq(of_a->num_active_vmas, 0);
	d = fork_area(child, b);
	ck_assert_ptr_ne(d->anon_vma, of_a);
	end_area(d);
	end_area(c);
	/* One is left. */
	ck_assert_int_eq(of_a->num_children, 1);
	d = fork_area(child, b);
	ck_assert_ptr_eq(d->anon_vma, of_a);
	ck_assert_int_eq(of_a->num_active_vmas, 1);
	ck_assert_uint_eq(chain_length(d), 3);
	end_area(b);
	end_area(d);
	fl_mm_destroy(fl_child);
}
END_TEST

/*
 * B32: one count for children and areas could reach "unused" by a split and two exits, while pages
 * still belong to it.
 */
START_TEST(an_anon_vma_with_an_area_of_its_own_is_not_given_out_again)
{
	struct vm_area_struct *a, *b, *c;
	struct anon_vma *of_a;

	map_at(1, 2, RW);
	touch(1);
	make_child();
	a = fork_area(child, area_of(1));
	of_a = a->anon_vma;
	ck_assert_int_eq(vma_link(child, a), 0);
	ck_assert_int_eq(split_vma(child, a, 2 * PAGE), 0);
	ck_assert_int_eq(of_a->num_active_vmas, 2);
	b = fork_area(child, a);
	ck_assert_int_eq(fl_munmap(fl_child, 2 * PAGE, 1), 0);
	ck_assert_int_eq(of_a->num_active_vmas, 1);
	ck_assert_int_eq(of_a->num_children, 1);
	c = fork_area(child, b);
	ck_assert_ptr_ne(c->anon_vma, of_a);
	end_area(c);
	end_area(b);
	fl_mm_destroy(fl_child);
}
END_TEST

/* Two threads fault in two areas that could share an anon_vma: one each, or one for both. */
static void touch_upper(struct fl_cpu *cpu, void *arg)
{
	if (fl_store(cpu, *(fl_vaddr *)arg, 1))
		abort();
}

START_TEST(first_faults_at_the_same_time_agree)
{
	for (int i = 0; i < 200; i++) {
		fl_vaddr upper = 2 * PAGE;
		struct call call;

		map_at(1, 2, RW);
		begin_on(&call, cpu1, touch_upper, &upper);
		touch(1);
		end_on(&call);
		ck_assert_ptr_eq(page_of(1 * PAGE)->mapping, page_of(2 * PAGE)->mapping);
		ck_assert_uint_eq(anon_vma_length(area_of(1)->anon_vma), 1);
		ck_assert_uint_eq(refcount_read(&area_of(1)->anon_vma->refcount), 1);
		unmap(1, 2);
		map_at(1, 1, RW);
		map_at(2, 1, FL_READ);
		protect(1, 1, FL_READ);
		protect(2, 1, RW);
		protect(1, 1, RW);
		unmap(1, 2);
	}
}
END_TEST

int main(void)
{
	TCase *cases[2];
	Suite *suite = layout_suite("mm.anon_vma", cases);

	add_both(cases, the_first_write_gives_an_area_an_anon_vma);
	add_both(cases, neighbours_that_mprotect_could_make_alike_share_one);
	add_both(cases, neighbours_of_another_kind_do_not);
	add_both(cases, what_came_out_of_a_fork_is_not_shared_with_neighbours);
	add_both(cases, a_split_copies_the_chain_and_a_merge_takes_it_back);
	add_both(cases, a_child_has_its_own_and_all_of_its_ancestors);
	add_both(cases, an_area_without_pages_leaves_none_to_its_child);
	add_both(cases, forks_whose_parents_die_do_not_make_an_endless_chain);
	add_both(cases, an_anon_vma_with_two_children_is_not_given_out_again);
	add_both(cases, an_anon_vma_with_an_area_of_its_own_is_not_given_out_again);
	add_both(cases, first_faults_at_the_same_time_agree);
	return run_suite(suite);
}
