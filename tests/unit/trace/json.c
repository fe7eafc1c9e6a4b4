// SPDX-License-Identifier: MIT
/*
 * json.c - tests of trace files: lib/trace/json.c.
 *
 * What is written is read back; what is not a trace is refused in one line; no file crashes the
 * reader. The byte flips are random: the seed is printed, TRACE_SEED sets it.
 */
#include "sample.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char path[] = "/tmp/fl-trace-XXXXXX";
static char err[512];

static void make_file(void)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_file(void)
{
	unlink(path);
}

static void write_file(const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, size, f), size);
	fclose(f);
}

/* The sample as a file's text. */
static char *sample_file(size_t *size)
{
	struct fl_trace *t = sample_trace();
	char *text = calloc(1, 1 << 16);
	FILE *f;

	ck_assert_int_eq(fl_trace_save(t, path), 0);
	fl_trace_free(t);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	*size = fread(text, 1, 1 << 16, f);
	fclose(f);
	return text;
}

static char *picture(const struct fl_trace *t)
{
	const struct fl_trace_style style = { .width = 120, .all_events = true };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fl_trace_print_style(t, f, &style);
	fclose(f);
	return text;
}

static void assert_refused(int code, const char *reason)
{
	struct fl_trace *t = NULL;

	err[0] = '\0';
	ck_assert_int_eq(fl_trace_load(&t, path, err, sizeof(err)), code);
	ck_assert_msg(strstr(err, reason), "%s", err);
	ck_assert_msg(strstr(err, path) == err, "%s", err);
	ck_assert_ptr_null(strchr(err, '\n'));
}

START_TEST(what_is_written_is_read_back)
{
	struct fl_trace *t = sample_trace(), *u = NULL;
	char *want = picture(t), *got;

	ck_assert_int_eq(fl_trace_save(t, path), 0);
	ck_assert_int_eq(fl_trace_load(&u, path, err, sizeof(err)), 0);
	got = picture(u);
	ck_assert_str_eq(got, want);

	ck_assert_str_eq(u->info.scenario, "pae-gup-fast");
	ck_assert_str_eq(u->info.kernel, "6.0");
	ck_assert_ptr_null(u->info.variant);
	ck_assert_uint_eq(u->info.executions, 17);
	ck_assert_int_eq(u->nthreads, 2);
	ck_assert_int_eq(u->record.n, t->record.n);
	for (int i = 0; i < t->record.n; i++) {
		const struct flx_event *a = &t->record.ev[i], *b = &u->record.ev[i];

		/* all that a replay goes by */
		ck_assert_int_eq(a->thread, b->thread);
		ck_assert_int_eq(a->index, b->index);
		ck_assert_int_eq(a->kind, b->kind);
		ck_assert_int_eq(a->order, b->order);
		ck_assert_int_eq(a->rf, b->rf);
		ck_assert_int_eq(a->co_after, b->co_after);
		ck_assert_int_eq(a->occurrence, b->occurrence);
		ck_assert_int_eq(a->newer, b->newer);
		ck_assert_str_eq(a->site->func, b->site->func);
		ck_assert_str_eq(a->site->text, b->site->text);
		ck_assert_int_eq(!a->step, !b->step);
		if (a->step)
			ck_assert_str_eq(a->step->label, b->step->label);
	}
	free(got);
	free(want);
	fl_trace_free(t);
	fl_trace_free(u);
}
END_TEST

START_TEST(two_saves_are_the_same_file)
{
	size_t n, m;
	char *a = sample_file(&n), *b = sample_file(&m);

	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(a, b, n);
	free(a);
	free(b);
}
END_TEST

START_TEST(no_file_and_no_folder)
{
	struct fl_trace *t = sample_trace();

	unlink(path);
	assert_refused(-ENOENT, "No such file");
	ck_assert_int_eq(fl_trace_save(t, "/nowhere/at/all"), -ENOENT);
	fl_trace_free(t);
}
END_TEST

START_TEST(other_files_are_not_traces)
{
	write_file("", 0);
	assert_refused(-EINVAL, "empty");
	write_file("{int main(void)\n", 16);
	assert_refused(-EINVAL, "not JSON");
	write_file("int main(void)\n", 15);
	assert_refused(-EINVAL, "not a trace");
	write_file("[1, 2]\n", 7);
	assert_refused(-EINVAL, "not a trace");
	write_file("{\"format\": \"har\"}\n", 18);
	assert_refused(-EINVAL, "not a trace");
	write_file("\0\0\0\0", 4);
	assert_refused(-EINVAL, "not a trace");
}
END_TEST

START_TEST(another_version_is_told_apart)
{
	size_t size;
	char *text = sample_file(&size), *version = strstr(text, "\"version\": 1");

	ck_assert_ptr_nonnull(version);
	version[strlen("\"version\": ")] = '2';
	write_file(text, size);
	assert_refused(-EINVAL, "format version 2, this build reads 1");
	free(text);
}
END_TEST

START_TEST(a_cut_off_trace_is_refused)
{
	size_t size;
	char *text = sample_file(&size);

	/* the last two bytes are the closing brace and a newline */
	for (size_t n = 1; n < size - 1; n += n + 50 < size - 1 ? 50 : 1) {
		write_file(text, n);
		assert_refused(-EINVAL, "");
	}
	free(text);
}
END_TEST

START_TEST(a_changed_event_is_noticed)
{
	size_t size;
	char *text = sample_file(&size), *rf = strstr(text, "\"rf\": -1");

	ck_assert_ptr_nonnull(rf);
	rf[strlen("\"rf\": -")] = '2';
	write_file(text, size);
	assert_refused(-EINVAL, "checksum");
	free(text);
}
END_TEST

/* Any flip is refused, or, in white space, changes nothing; none may crash or hang. */
START_TEST(byte_flips_do_not_crash)
{
	unsigned int seed = getenv("TRACE_SEED") ? (unsigned int)atoi(getenv("TRACE_SEED"))
						 : (unsigned int)time(NULL);
	size_t size;
	char *text = sample_file(&size);

	printf("TRACE_SEED=%u\n", seed);
	srandom(seed);
	for (int round = 0; round < 1000; round++) {
		size_t at = (size_t)random() % size;
		struct fl_trace *t = NULL;
		char old = text[at];

		text[at] = (char)(old ^ (1 << random() % 8));
		write_file(text, size);
		err[0] = '\0';
		if (fl_trace_load(&t, path, err, sizeof(err))) {
			ck_assert_msg(err[0], "a reason at byte %zu", at);
		} else {
			free(picture(t));
			fl_trace_free(t);
		}
		text[at] = old;
	}
	free(text);
}
END_TEST

/* The checksum is no defence against a file that is wrong on purpose: see to it that ranges are. */
static void assert_wrong_value_refused(const char *from, const char *to)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "python3 - %s '%s' '%s' <<'END'\n"
		 "import json,sys\n"
		 "p,a,b=sys.argv[1:]\n"
		 "s=open(p).read()\n"
		 "assert a in s\n"
		 "d=json.loads(s.replace(a,b,1))\n"
		 "d.pop('sum')\n"
		 "t=json.dumps(d,sort_keys=True,separators=(',',':'),ensure_ascii=False)\n"
		 "t=t.replace(repr(d['seconds']),'%%.9g'%%d['seconds'])\n"
		 "h=0xcbf29ce484222325\n"
		 "for c in t.encode(): h=((h^c)*0x100000001b3)&(2**64-1)\n"
		 "d['sum']='%%016x'%%h\n"
		 "json.dump(d,open(p,'w'))\n"
		 "END",
		 path, from, to);
	ck_assert_int_eq(system(command), 0);
	assert_refused(-EINVAL, "damaged trace: ");
	ck_assert_msg(!strstr(err, "checksum"), "%s", err);
}

START_TEST(indices_out_of_range_are_refused)
{
	static const char *const change[][2] = {
		{ "\"thread\": 1", "\"thread\": 2" },
		{ "\"thread\": 1", "\"thread\": -1" },
		{ "\"site\": 0", "\"site\": 100" },
		{ "\"step\": 1", "\"step\": -5" },
		{ "\"rf\": -1", "\"rf\": 6" },
		{ "\"rf\": -1", "\"rf\": -3" },
		{ "\"newer\": 1", "\"newer\": 99" },
		{ "\"kind\": \"read\"", "\"kind\": \"x\"" },
		{ "\"size\": 8", "\"size\": 4096" },
		{ "\"read\": \"ro pfn=3\"", "\"read\": 3" },
		{ "\"location\": 0", "\"location\": 7" },
		{ "\"line\": 88", "\"line\": \"88\"" },
	};
	size_t size;

	if (system("python3 -c 1")) {
		printf("skipped: no python3 to write wrong files with\n");
		return;
	}
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		free(sample_file(&size));
		assert_wrong_value_refused(change[i][0], change[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace json");
	TCase *tc = tcase_create("file");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_file, remove_file);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, what_is_written_is_read_back);
	tcase_add_test(tc, two_saves_are_the_same_file);
	tcase_add_test(tc, no_file_and_no_folder);
	tcase_add_test(tc, other_files_are_not_traces);
	tcase_add_test(tc, another_version_is_told_apart);
	tcase_add_test(tc, a_cut_off_trace_is_refused);
	tcase_add_test(tc, a_changed_event_is_noticed);
	tcase_add_test(tc, byte_flips_do_not_crash);
	tcase_add_test(tc, indices_out_of_range_are_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
