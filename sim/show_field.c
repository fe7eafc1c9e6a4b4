// SPDX-License-Identifier: MIT
/* show_field.c - faultline show FIELD: what a policy field decides, its values, and the releases that have each. */
#include "show.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <faultline/scenario.h>

const struct fl_policy_field *show_find_field(const char *name, size_t *number)
{
	for (size_t i = 0; i < fl_policy_nr_fields(); i++) {
		if (strcmp(fl_policy_field(i)->name, name))
			continue;
		*number = i;
		return fl_policy_field(i);
	}
	return NULL;
}

const struct fl_policy_value *show_value_in(size_t release, size_t field)
{
	const struct fl_policy_field *f = fl_policy_field(field);
	struct fl_policy *policy;
	const char *name;
	char err[256];

	if (fl_policy_create(&policy, fl_policy_profile(release)->name, NULL, err, sizeof(err)))
		return NULL;
	name = fl_policy_get(policy, field);
	fl_policy_free(policy);
	for (size_t i = 0; i < f->nr_values; i++) {
		if (!strcmp(f->values[i].name, name))
			return &f->values[i];
	}
	return NULL;
}

/* "4.8 to 5.7, 5.9 to 6.17": the releases that have @value; "-": none. */
static void releases_with(char *buf, size_t size, size_t field, const struct fl_policy_value *value)
{
	size_t end, n = 0;

	snprintf(buf, size, "-");
	for (size_t i = 0; i < fl_policy_nr_profiles() && n < size; i = end + 1) {
		end = i;
		if (show_value_in(i, field) != value)
			continue;
		while (end + 1 < fl_policy_nr_profiles() && show_value_in(end + 1, field) == value)
			end++;
		n += snprintf(buf + n, size - n, "%s%s%s%s", n ? ", " : "",
			      fl_policy_profile(i)->name, end > i ? " to " : "",
			      end > i ? fl_policy_profile(end)->name : "");
	}
}

static bool is_about(const struct fl_scenario *s, const char *field)
{
	for (const char *const *p = s->policies; p && *p; p++) {
		if (!strcmp(*p, field))
			return true;
	}
	return false;
}

static void print_scenarios(const char *field)
{
	bool any = false;

	printf("\n  scenarios  ");
	for (const struct fl_scenario *s = fl_scenario_first(); s; s = s->next) {
		if (!is_about(s, field))
			continue;
		printf("%s%s", any ? ", " : "", s->name);
		any = true;
	}
	printf("%s\n", any ? "" : "-");
}

void show_field(size_t field)
{
	const struct fl_policy_field *f = fl_policy_field(field);
	int name = 5, releases = 8; /* column widths */
	char text[256];

	for (size_t i = 0; i < f->nr_values; i++) {
		releases_with(text, sizeof(text), field, &f->values[i]);
		if ((int)strlen(text) > releases)
			releases = (int)strlen(text);
		if ((int)strlen(f->values[i].name) > name)
			name = (int)strlen(f->values[i].name);
	}
	printf("%s  %s\n", f->name, f->doc);
	printf("  changed by %s\n\n", f->commit ? f->commit : "no release");
	printf("  %-*s  %-*s  %-12s  %s\n", name, "value", releases, "releases", "commit",
	       "meaning");
	for (size_t i = 0; i < f->nr_values; i++) {
		const struct fl_policy_value *value = &f->values[i];

		releases_with(text, sizeof(text), field, value);
		printf("  %-*s  %-*s  %-12s  %s\n", name, value->name, releases, text,
		       value->commit ? value->commit : "-", value->doc);
	}
	print_scenarios(f->name);
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

void show_field_json(size_t field)
{
	const struct fl_policy_field *f = fl_policy_field(field);
	json_t *o = json_object(), *values = json_array(), *scenarios = json_array();

	json_object_set_new(o, "field", json_string(f->name));
	json_object_set_new(o, "doc", json_string(f->doc));
	json_object_set_new(o, "commit", text_or_null(f->commit));
	for (size_t i = 0; i < f->nr_values; i++) {
		json_t *v = json_object(), *releases = json_array();

		for (size_t k = 0; k < fl_policy_nr_profiles(); k++) {
			if (show_value_in(k, field) == &f->values[i])
				json_array_append_new(releases,
						      json_string(fl_policy_profile(k)->name));
		}
		json_object_set_new(v, "name", json_string(f->values[i].name));
		json_object_set_new(v, "doc", json_string(f->values[i].doc));
		json_object_set_new(v, "commit", text_or_null(f->values[i].commit));
		json_object_set_new(v, "releases", releases);
		json_array_append_new(values, v);
	}
	for (const struct fl_scenario *s = fl_scenario_first(); s; s = s->next) {
		if (is_about(s, f->name))
			json_array_append_new(scenarios, json_string(s->name));
	}
	json_object_set_new(o, "values", values);
	json_object_set_new(o, "scenarios", scenarios);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}
