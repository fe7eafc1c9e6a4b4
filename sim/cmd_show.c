// SPDX-License-Identifier: MIT
/* cmd_show.c - faultline show: all that is declared of one scenario, of one release, or of one policy field. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <faultline/scenario.h>

#include "../lib/run/nearest.h"
#include "show.h"

#define KEY_JSON 1
#define LINE 96
#define MAX_NAMES 512

static const struct argp_option options[] = {
	{ "json", KEY_JSON, NULL, 0, "One JSON object", 0 },
	{ 0 },
};

struct show {
	const char *name;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show *show = state->input;

	switch (key) {
	case KEY_JSON:
		show->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (show->name) {
			cli_error("show tells of one thing, got \"%s\" and \"%s\"", show->name,
				  arg);
			return CLI_REPORTED;
		}
		show->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Text that has its own line breaks. */
static void print_lines(const char *text, const char *indent)
{
	while (text && *text) {
		int n = (int)strcspn(text, "\n");

		printf("%s%.*s\n", n ? indent : "", n, text);
		text += n + (text[n] == '\n');
	}
}

/* Text that may be broken at any space. */
static void print_wrapped(const char *text, int indent)
{
	int width = LINE - indent;

	while (*text) {
		int n = (int)strlen(text);

		if (n > width) {
			for (n = width; n > 0 && text[n] != ' ';)
				n--;
			if (!n)
				n = (int)strcspn(text, " ");
		}
		printf("%*s%.*s\n", indent, "", n, text);
		text += n;
		while (*text == ' ')
			text++;
	}
}

/* "relaxed, release from 6.5": what the releases have. */
static void print_history(size_t field)
{
	const struct fl_policy_value *last = NULL;
	const char *since = NULL;
	char text[512];
	size_t n = 0;

	for (size_t i = 0; i < fl_policy_nr_profiles() && n < sizeof(text); i++) {
		const struct fl_policy_value *value = show_value_in(i, field);

		if (!value)
			return;
		if (value == last)
			continue;
		since = last ? fl_policy_profile(i)->name : NULL;
		n += snprintf(text + n, sizeof(text) - n, "%s%s%s%s", last ? ", " : "", value->name,
			      since ? " from " : "", since ? since : "");
		last = value;
	}
	printf("      releases: %s%s\n", text, since ? "" : " in all");
}

static void print_field(const char *name)
{
	size_t number;
	const struct fl_policy_field *field = show_find_field(name, &number);

	if (!field)
		return;
	printf("    %s%s%s\n", name, field->commit ? "  changed by " : "",
	       field->commit ? field->commit : "");
	print_wrapped(field->doc, 6);
	for (size_t i = 0; i < field->nr_values; i++)
		printf("        %-12s  %s%s%s\n", field->values[i].name, field->values[i].doc,
		       field->values[i].commit ? "  " : "",
		       field->values[i].commit ? field->values[i].commit : "");
	print_history(number);
}

/* The value that field @name has in @policy; NULL: there is no such field. */
static const char *value_of(const struct fl_policy *policy, const char *name)
{
	size_t number;

	return show_find_field(name, &number) ? fl_policy_get(policy, number) : NULL;
}

/* The values that the scenario's fields have in a variant, in one string. */
static void values_of(char *buf, size_t size, const struct fl_scenario *s,
		      const struct fl_variant *variant)
{
	struct fl_policy *policy;
	char err[256];
	size_t n = 0;

	buf[0] = '\0';
	if (!s->policies ||
	    fl_policy_create(&policy, variant->kernel, variant->set, err, sizeof(err)))
		return;
	for (const char *const *p = s->policies; *p && n < size; p++) {
		const char *value = value_of(policy, *p);

		if (value)
			n += snprintf(buf + n, size - n, "%s%s=%s", n ? " " : "", *p, value);
	}
	fl_policy_free(policy);
}

static void print_variant(const struct fl_scenario *s, const struct fl_variant *variant, int width)
{
	char values[1024];

	printf("    %-*s  kernel %s%s%s, %s: %s%s\n", width, variant->name, variant->kernel,
	       variant->set ? " with " : "", variant->set ? variant->set : "",
	       variant->model ? variant->model : "lkmm", variant->expect ? "violates " : "verified",
	       variant->expect ? variant->expect : "");
	if (variant->why)
		print_wrapped(variant->why, 8);
	values_of(values, sizeof(values), s, variant);
	if (values[0])
		print_wrapped(values, 8);
}

static void print_text(const struct fl_scenario *s)
{
	int width = 0;

	printf("%s  %s%s%s\n", s->name, s->id ? s->id : "", s->cve ? "  " : "",
	       s->cve ? s->cve : "");
	printf("  %s\n\n", s->summary);
	print_lines(s->story, "  ");
	printf("\n  broken by  %s\n  fixed by   %s\n", s->broken ? s->broken : "-",
	       s->fixed ? s->fixed : "-");
	printf("  threads    ");
	for (int i = 0; i < FL_MAX_THREADS && s->threads[i].run; i++)
		printf("%sCPU %d %s", i ? ", " : "", i, s->threads[i].name);
	printf("\n  world      address spaces %d, VMAs %d, pages %d\n", s->needs.mms, s->needs.vmas,
	       s->needs.pages);
	if (s->policies && s->policies[0]) {
		printf("\n  policy fields\n");
		for (const char *const *p = s->policies; *p; p++)
			print_field(*p);
	}
	printf("\n  variants\n");
	for (size_t i = 0; i < s->nr_variants; i++) {
		int n = (int)strlen(s->variants[i].name);

		width = n > width ? n : width;
	}
	for (size_t i = 0; i < s->nr_variants; i++)
		print_variant(s, &s->variants[i], width);
}

static void put_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static json_t *variant_json(const struct fl_scenario *s, const struct fl_variant *variant)
{
	json_t *o = json_object(), *values = json_object();
	struct fl_policy *policy;
	char err[256];

	put_string(o, "name", variant->name);
	put_string(o, "kernel", variant->kernel);
	put_string(o, "set", variant->set);
	put_string(o, "model", variant->model);
	put_string(o, "expected", variant->expect ? "violation" : "verified");
	put_string(o, "expected_oracle", variant->expect);
	put_string(o, "why", variant->why);
	if (s->policies &&
	    !fl_policy_create(&policy, variant->kernel, variant->set, err, sizeof(err))) {
		for (const char *const *p = s->policies; *p; p++)
			put_string(values, *p, value_of(policy, *p));
		fl_policy_free(policy);
	}
	json_object_set_new(o, "policies", values);
	return o;
}

static void print_json(const struct fl_scenario *s)
{
	json_t *o = json_object(), *threads = json_array(), *variants = json_array();

	put_string(o, "name", s->name);
	put_string(o, "id", s->id);
	put_string(o, "cve", s->cve);
	put_string(o, "summary", s->summary);
	put_string(o, "story", s->story);
	put_string(o, "broken", s->broken);
	put_string(o, "fixed", s->fixed);
	for (int i = 0; i < FL_MAX_THREADS && s->threads[i].run; i++)
		json_array_append_new(threads, json_string(s->threads[i].name));
	json_object_set_new(o, "threads", threads);
	json_object_set_new(o, "address_spaces", json_integer(s->needs.mms));
	json_object_set_new(o, "vmas", json_integer(s->needs.vmas));
	json_object_set_new(o, "pages", json_integer(s->needs.pages));
	for (size_t i = 0; i < s->nr_variants; i++)
		json_array_append_new(variants, variant_json(s, &s->variants[i]));
	json_object_set_new(o, "variants", variants);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* Of all that show can tell of, what resembles @name. */
static int nothing_is_called(const char *name)
{
	const char *known[MAX_NAMES];
	char near[256];
	size_t n = 0;

	for (const struct fl_scenario *s = fl_scenario_first(); s && n < MAX_NAMES; s = s->next)
		known[n++] = s->name;
	for (size_t i = 0; i < fl_policy_nr_fields() && n < MAX_NAMES; i++)
		known[n++] = fl_policy_field(i)->name;
	for (size_t i = 0; i < fl_policy_nr_profiles() && n < MAX_NAMES; i++)
		known[n++] = fl_policy_profile(i)->name;
	fl_nearest(near, sizeof(near), name, known, n);
	return cli_error("no scenario, release or policy field \"%s\"%s 'faultline list' names the "
			 "scenarios, 'faultline show 6.12' the fields",
			 name, near[0] ? near : ";");
}

static int show_one(const char *name, bool json)
{
	const struct fl_policy_profile *release = show_find_release(name);
	const struct fl_scenario *s = fl_scenario_find(name);
	size_t field;

	if (release)
		(json ? show_release_json : show_release)(release);
	else if (s)
		(json ? print_json : print_text)(s);
	else if (show_find_field(name, &field))
		(json ? show_field_json : show_field)(field);
	else
		return show_is_release(name) ? CLI_BAD_INPUT : nothing_is_called(name);
	return CLI_OK;
}

int cmd_show(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "SCENARIO|RELEASE|FIELD",
		.doc = "Tells the story of a scenario: who races, what breaks, which commits broke "
		       "and fixed it, which policy fields matter, and what each variant shows. Of "
		       "a "
		       "release, as linux-6.0: what its profile sets, and which commit each value "
		       "stands for. Of a policy field, as wp_reuse: its values, and which "
		       "releases have each.",
	};
	struct show show = { 0 };
	int err = cli_parse(&argp, argc, argv, &show);

	if (err)
		return err;
	if (!show.name)
		return cli_error("show needs a scenario, a release or a policy field; 'faultline "
				 "list' names the scenarios");
	return show_one(show.name, show.json);
}
