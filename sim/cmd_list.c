// SPDX-License-Identifier: MIT
/* cmd_list.c - faultline list: the scenarios that are built in. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <faultline/scenario.h>

#define KEY_JSON 1

static const struct argp_option options[] = {
	{ "json", KEY_JSON, NULL, 0, "One JSON object per line", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case KEY_JSON:
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		cli_error("list takes no argument, got \"%s\"; 'faultline show %s' tells of one",
			  arg, arg);
		return CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void set_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static void print_json(const struct fl_scenario *s)
{
	json_t *o = json_object(), *variants = json_array();

	set_string(o, "name", s->name);
	set_string(o, "id", s->id);
	set_string(o, "cve", s->cve);
	set_string(o, "summary", s->summary);
	set_string(o, "broken", s->broken);
	set_string(o, "fixed", s->fixed);
	for (size_t i = 0; i < s->nr_variants; i++)
		json_array_append_new(variants, json_string(s->variants[i].name));
	json_object_set_new(o, "variants", variants);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void print_text(const struct fl_scenario *s, int name_width, int id_width)
{
	int width = 0;

	printf("%-*s  %-*s  %s", name_width, s->name, id_width, s->id ? s->id : "", s->summary);
	if (s->cve)
		printf("  (%s)", s->cve);
	printf("\n%*s", name_width + id_width + 4, "");
	for (size_t i = 0; i < s->nr_variants; i++) {
		const char *name = s->variants[i].name;

		if (width && width + (int)strlen(name) > 70) {
			printf("\n%*s", name_width + id_width + 4, "");
			width = 0;
		}
		width += printf("%s%s", name, i + 1 < s->nr_variants ? ", " : "");
	}
	putchar('\n');
}

int cmd_list(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Lists the scenarios: name, catalogue id, what breaks, and the variants.",
	};
	const struct fl_scenario *s;
	int name_width = 0, id_width = 0;
	bool json = false;
	int err = cli_parse(&argp, argc, argv, &json);

	if (err)
		return err;
	for (s = fl_scenario_first(); s; s = s->next) {
		int n = (int)strlen(s->name), m = s->id ? (int)strlen(s->id) : 0;

		name_width = n > name_width ? n : name_width;
		id_width = m > id_width ? m : id_width;
	}
	for (s = fl_scenario_first(); s; s = s->next) {
		if (json)
			print_json(s);
		else
			print_text(s, name_width, id_width);
	}
	return CLI_OK;
}
