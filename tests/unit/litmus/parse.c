// SPDX-License-Identifier: MIT
/*
 * parse.c - what the litmus parser refuses, and that it says where and why.
 *
 * Covers: each refusal of lib/litmus/parse*.c, sections.c, unordered.c, by file, line and words; the forms that
 * are easily refused by mistake. What accepted tests mean is for tests/litmus.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../lib/litmus/ast.h"
#include "../../../lib/litmus/litmus.h"

static char message[512];

static struct lt_test *parse(const char *text)
{
	message[0] = 0;
	return lt_parse("t.litmus", text, strlen(text), message, sizeof(message));
}

/* A whole test around statements of P0. */
static const char *around(const char *body)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "C t\n{}\nP0(int *x, int *y, spinlock_t *l)\n{\n%s\n}\nexists (x=1)\n", body);
	return text;
}

static void refused(const char *text, int line, const char *words)
{
	struct lt_test *t = parse(text);
	char place[32];

	ck_assert_msg(!t, "accepted: %s", text);
	snprintf(place, sizeof(place), "t.litmus:%d: ", line);
	ck_assert_msg(!strncmp(message, place, strlen(place)), "%s instead of %s: %s", message,
		      place, text);
	ck_assert_msg(strstr(message, words), "%s has no \"%s\"", message, words);
}

static void accepted(const char *text)
{
	struct lt_test *t = parse(text);

	ck_assert_msg(t, "%s: %s", message, text);
	lt_free(t);
}

static const struct {
	const char *text;
	int line;
	const char *words;
} heads[] = {
	{ "", 1, "\"C\" and the test's name" },
	{ "AArch64 t\n{}\n", 1, "\"C\" and the test's name" },
	{ "C", 1, "test's name" },
	{ "C t\nno state", 2, "initial state" },
	{ "C t\n(* no end\n{}\n", 2, "comment" },
	{ "C t\n{ x=1", 2, "\";\", found the end" },
	{ "C t\n{ x[2]; }", 2, "arrays" },
	{ "C t\n{ x={1,2}; }", 2, "braces" },
	{ "C t\n{ x=-y; }", 2, "a number or the name" },
	{ "C t\n{ 3:r1=1; }\nP0(int *x) { }\nexists (x=1)\n", 2, "no thread P3" },
	{ "C t\n{ 77:r1=1; }\n", 2, "thread's number" },
	{ "C t\n{ x=99999999999999999999; }", 2, "too large" },
	{ "C t\n{ x=12ab; }", 2, "not a number" },
	{ "C t\n{}\nexists (x=1)\n", 3, "a thread" },
	{ "C t\n{}\nP1(int *x) { }\n", 3, "thread P0 here, found P1" },
	{ "C t\n{}\nP0(int x) { }\n", 3, "\"x\" is not a pointer" },
	{ "C t\n{}\nP0(int *x, int *x) { }\n", 3, "two parameters" },
	{ "C t\n{}\nP0(foo *x) { }\n", 3, "parameter's type, found \"foo\"" },
	{ "C t\n{}\nP0(struct page *x) { }\n", 3, "srcu_struct" },
	{ "C t\n{}\nP0(int *x)\n{\n", 5, "\"}\", found the end" },
	{ "C t\n{}\nP0(int *x) { }\nwith (x=1)\n", 4, "a thread" },
	{ "C t\n{}\nP0(int *x) { }\nexists (x)\n", 4, "\"=\", found \")\"" },
	{ "C t\n{}\nP0(int *x) { }\nexists (1:r0=1)\n", 4, "no thread P1" },
	{ "C t\n{}\nP0(int *x) { }\nexists (x=1) more\n", 4, "end of the condition" },
	{ "C t\n{}\nP0(int *x) { }\nexists (x[1]=1)\n", 4, "arrays" },
	{ "C t\n{}\nP0(int *x) { }\nlocations [x y]\n", 4, "\";\", found \"y\"" },
};

START_TEST(the_parts_around_the_code)
{
	refused(heads[_i].text, heads[_i].line, heads[_i].words);
}
END_TEST

static const struct {
	const char *body;
	const char *words;
} bodies[] = {
	{ "smp_nothing();", "smp_nothing() is not a primitive" },
	{ "atomic_add_relaxed(1, x);", "not a primitive" },
	{ "r0 = atomic_and_return(1, x);", "not a primitive" },
	{ "r0 = READ_ONCE(x);", "READ_ONCE() must have the form *pointer" },
	{ "WRITE_ONCE(x, 1);", "must have the form *pointer" },
	{ "WRITE_ONCE(*x);", "takes 2 arguments" },
	{ "smp_mb(x);", "\")\", found \"x\"" },
	{ "r0 = smp_mb();", "has no value" },
	{ "r0 = 1 + spin_lock(l);", "has no value" },
	{ "WRITE_ONCE(*x, z);", "\"z\" is neither a local nor a parameter of P0" },
	{ "r0 = 1 r1", "\";\", found \"r1\"" },
	{ "1 = r0;", "not something to assign to" },
	{ "goto out;", "\"goto\" is not understood" },
	{ "return;", "\"return\" is not understood" },
	{ "switch (1) { }", "\"switch\" is not understood" },
	{ "while (1) break;", "\"break\" is not understood" },
	{ "for (;;) ;", "without a condition" },
	{ "int r0[3];", "only integers and pointers" },
	{ "r0 = x[1];", "\"[\" is not understood" },
	{ "r0 = 1; r0++;", "\"++\" is not understood" },
	{ "r0 = 1 ? 2 : 3;", "\"?\" is not understood" },
	{ "r0 = 1 << 2;", "\"<<\" is not understood" },
	{ "r0 = 5 % 2;", "\"%\" is not understood" },
	{ "r0 = 1; r0 += 2;", "\";\", found \"+=\"" },
	{ "r0 = 1 && READ_ONCE(*x);", "to the right of \"&&\"" },
	{ "r0 = READ_ONCE(*x) + READ_ONCE(*x);", "nothing orders" },
	{ "r0 = smp_load_acquire(x) + READ_ONCE(*y);", "nothing orders" },
	{ "r0 = xchg(x, READ_ONCE(*y));", "operand of a read-modify-write" },
	{ "if (*x) rcu_read_lock(); else ; rcu_read_unlock();", "in one branch only" },
	{ "if (*x) rcu_read_unlock();", "without rcu_read_lock() in a branch" },
	{ "r0 = @;", "an expression, found \"@\"" },
	{ "/* no end", "comment" },
};

START_TEST(statements)
{
	refused(around(bodies[_i].body), 5, bodies[_i].words);
}
END_TEST

static const char *const fine[] = {
	"int r0, *r1 = x; r0 = *r1;",
	"r0 = READ_ONCE(*x) + READ_ONCE(*y);",
	"intptr_t r1 = (intptr_t)rcu_dereference(*(intptr_t **)x);",
	"WRITE_ONCE(*(int *)x, 1);",
	"*(x) = 1; **(int **)x = 2;",
	"(void)xchg(x, 1); xchg_release(x, 2);",
	"if (READ_ONCE(*x)) WRITE_ONCE(*y, 1); else { WRITE_ONCE(*y, 2); }",
	"rcu_read_lock(); if (*x) { rcu_read_unlock(); } else { rcu_read_unlock(); }",
	"unsigned long r0 = -1; volatile int r1 = !r0; r1 = ~r1;",
	";;{ }",
	"r0 = 0x1fUL; // hexadecimal\n",
};

START_TEST(forms_that_are_understood)
{
	accepted(around(fine[_i]));
}
END_TEST

START_TEST(conditions_that_are_understood)
{
	accepted("C t \"a { in a text\"\nHash=1\n(* (* nested *) { *)\n{ int *p = &x; 0:r1=x; "
		 "[y]=3; "
		 "atomic_t z = ATOMIC_INIT(4); }\nvoid P0(int *x) { r1 = 1; }\n(* between *)\n"
		 "locations [0:r1; x int; y]\nfilter (true)\n~exists (0:r1=x /\\ not (x<>1) \\/ "
		 "[x]=[y] => false)\n");
	accepted("C t\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\n");
	accepted("C t\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\nforall (x == 1);\n");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	char text[2000] = "r0 = ";

	for (int i = 0; i < 500; i++)
		strcat(text, "(");
	strcat(text, "1;");
	refused(around(text), 5, "nested more than");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
	static const char text[] = "C t\n\0{}\n";

	ck_assert_ptr_null(lt_parse("t.litmus", text, sizeof(text), message, sizeof(message)));
	ck_assert_ptr_nonnull(strstr(message, "not a text file"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	ck_assert_ptr_null(lt_read("/nonexistent/t.litmus", message, sizeof(message)));
	ck_assert_ptr_nonnull(strstr(message, "/nonexistent/t.litmus: No such file"));
}
END_TEST

START_TEST(a_null_pointer_is_reported_when_it_is_followed)
{
	struct lt_options o = { .model = FLX_LKMM };
	struct lt_result r;
	struct lt_test *t = parse("C t\n{}\nP0(int **p)\n{\n\tr0 = READ_ONCE(*p);\n\tr1 = *r0;\n}\n"
				  "exists (0:r1=1)\n");

	ck_assert_ptr_nonnull(t);
	ck_assert_int_ne(lt_run(t, &o, &r, message, sizeof(message)), 0);
	ck_assert_ptr_nonnull(strstr(message, "t.litmus:6: *r0: the pointer is NULL"));
	lt_release(&r);
	lt_free(t);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *s = suite_create("litmus parser");
	TCase *tc = tcase_create("parse");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, the_parts_around_the_code, 0, COUNT(heads));
	tcase_add_loop_test(tc, statements, 0, COUNT(bodies));
	tcase_add_loop_test(tc, forms_that_are_understood, 0, COUNT(fine));
	tcase_add_test(tc, conditions_that_are_understood);
	tcase_add_test(tc, deep_nesting_is_refused);
	tcase_add_test(tc, bytes_that_are_no_text_are_refused);
	tcase_add_test(tc, a_file_that_is_not_there_is_named);
	tcase_add_test(tc, a_null_pointer_is_reported_when_it_is_followed);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
