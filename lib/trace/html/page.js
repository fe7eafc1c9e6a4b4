/* SPDX-License-Identifier: MIT */
/*
 * page.js - an execution in a browser: a column per CPU, arrows from stores to loads, one event in full.
 *
 * The page has the execution as JSON (lib/trace/html.c): "events" and "sites" as in a trace file, and the lines
 * of both views as the text picture has them. All text goes in as text, never as markup.
 *
 * The address can say what to show: #all, #e12, #all,e12.
 */
"use strict";

(function () {
	const data = JSON.parse(document.getElementById("trace").textContent);
	const events = data.events, sites = data.sites;
	const svgns = "http:" + "//www.w3.org/2000/svg"; /* a name, not a place to load from */
	let rows = [], body, svg, view = "slice", selected = -1, pointer = {};

	/* ---- elements ---- */

	function make(tag, cls, ...children) {
		const e = document.createElement(tag);

		if (cls)
			e.className = cls;
		for (const c of children)
			if (c !== null && c !== undefined)
				e.append(c);
		return e;
	}

	function draw(tag, attributes, ...children) {
		const e = document.createElementNS(svgns, tag);

		for (const name in attributes)
			e.setAttribute(name, attributes[name]);
		e.append(...children);
		return e;
	}

	/* A line may end behind the hyphen of "->" otherwise. */
	function unbroken(text) {
		return text.split(/(->)/).map((s) => s === "->" ? make("span", "whole", s) : s);
	}

	const code = (text) => make("code", "", text);

	/* ---- what is known of an event ---- */

	const isLoad = (e) => e.read !== undefined;
	const isStore = (e) => e.written !== undefined;
	const isLate = (e) => e.newer !== undefined;

	function siteOf(e) {
		const i = e.site !== undefined ? e.site : e.where;

		return i === undefined ? null : sites[i];
	}

	function cpu(t) {
		return data.threads[t] && !data.program ? "CPU " + t : "thread " + t;
	}

	/* "file.c:12", "" if not known */
	function place(site) {
		return !site || !site.file ? "" : site.line > 0 ? site.file + ":" + site.line : site.file;
	}

	function labelOf(i) {
		const step = events[i].step;

		return step === undefined ? "" : sites[step].label || "";
	}

	/* A source line's FL_STEP("A1", inner), as the text picture has it. */
	function tidy(text) {
		return text.replace(/FL_STEP\("\w*",\s*(.*)\)/, "$1");
	}

	function textOf(i) {
		const e = events[i], site = siteOf(e);

		return site && site.text ? tidy(site.text) : e.kind === "write" ? "plain write" : "plain " + e.kind;
	}

	/* How one refers to an event in a sentence. */
	function nameOf(i) {
		const label = labelOf(i);

		return (label ? label + " " : "") + textOf(i);
	}

	/* Stores of each location in coherence order; -1, the initial value, is not in it. */
	const order = new Map();

	(function () {
		const after = new Map();

		events.forEach((e, i) => {
			if (!isStore(e))
				return;
			const key = e.co_after >= 0 ? e.co_after : "first" + e.location;

			after.set(key, (after.get(key) || []).concat(i));
			if (!order.has(e.location))
				order.set(e.location, []);
		});
		for (const [location, list] of order) {
			const seen = new Set();
			let next = after.get("first" + location) || [];

			while (next.length) {
				const i = next[0];

				if (seen.has(i))
					break;
				seen.add(i);
				list.push(i);
				next = next.slice(1).concat(after.get(i) || []);
			}
		}
	})();

	function coherence(e) {
		return order.get(e.location) || [];
	}

	/* The stores that the load could have known of: newer than the one it read, up to the newest before it. */
	function missedBy(e) {
		const list = coherence(e);

		if (!isLate(e))
			return [];
		return list.slice(list.indexOf(e.rf) + 1, list.indexOf(e.newer) + 1);
	}

	function readersOf(i) {
		const found = [];

		events.forEach((e, k) => {
			if (isLoad(e) && e.rf === i && k !== i)
				found.push(k);
		});
		return found;
	}

	/* What the code calls a location: the operand in the shortest text that names one. */
	function variable(location) {
		let best = "";

		for (const e of events)
			if (e.location === location && e.name)
				return e.name;
		for (const e of events) {
			const site = siteOf(e), text = site && e.location === location ? site.text || "" : "";
			const call = /^\w*(?:ONCE|_acquire|_release|dereference|_pointer|xchg\w*|set_mb)\s*\(\s*&?([\w>.*\[\]-]+)/
				.exec(text);
			const plain = /^([\w>.\[\]-]+)\s*(?:$|=[^=])/.exec(text);
			const name = call ? call[1] : plain ? plain[1] : "";

			if (name && (!best || name.length < best.length))
				best = name;
		}
		return best;
	}

	function initialValue(e) {
		for (const f of events)
			if (isLoad(f) && f.location === e.location && f.rf === -1 && f.size === e.size)
				return f.read;
		return "";
	}

	/* ---- the head of the page ---- */

	function fact(list, name, value) {
		if (value !== undefined && value !== null && value !== "")
			list.append(make("div", "", make("dt", "", name), make("dd", "", value)));
	}

	function head() {
		const h = make("header"), facts = make("dl", "facts");

		h.append(make("p", "run", make("b", "", data.program || data.scenario), data.id ? " \u00b7 " + data.id : "",
			      data.variant ? " \u00b7 " + data.variant : ""));
		h.append(make("h1", "", make("span", "verdict", data.verdict), data.oracle));
		h.append(make("p", "message", data.message));
		if (data.conflict)
			h.append(make("p", "conflict", data.conflict));
		fact(facts, "kernel", data.kernel);
		fact(facts, "settings", data.set ? code(data.set) : "");
		fact(facts, "memory model", data.model);
		fact(facts, "executions", data.executions ? data.executions.toLocaleString("en") : "");
		fact(facts, "show it again", data.again ? code(data.again) : "");
		h.append(facts);
		return h;
	}

	function sample(cls, name) {
		const s = draw("svg", { width: 34, height: 12, viewBox: "0 0 34 12", "aria-hidden": "true" },
			       draw("path", { class: "arrow lit " + cls, d: "M1 6H26",
					      "marker-end": cls ? "url(#end-newer)" : "url(#end-rf)" }));

		return make("li", "", s, name);
	}

	function bar() {
		const b = make("div", "bar"), choice = make("div", "choice"), legend = make("ul", "legend");

		choice.setAttribute("role", "group");
		choice.setAttribute("aria-label", "Which events");
		for (const [name, text] of [["slice", "What matters"], ["all", "All events"]]) {
			const button = make("button", "", text + " (" + data.views[name].length + ")");

			button.type = "button";
			button.id = "view-" + name;
			button.addEventListener("click", () => {
				show(name);
				if (name === "all")
					reveal();
			});
			choice.append(button);
		}
		legend.append(sample("", "the load reads that store"));
		if (events.some(isLate))
			legend.append(sample("newer", "the load missed that newer store"));
		b.append(choice, legend);
		return b;
	}

	/* ---- the timeline ---- */

	function cell(row, labels) {
		const e = events[row.event];
		const classes = ["event", e.kind === "fence" ? "fence" : isStore(e) ? "store" : "load"];
		const line = make("div", "line"), what = make("span", "what code");

		if (isLate(e))
			classes.push("late");
		if (row.label)
			line.append(make("span", "label", row.label));
		else if (labels)
			line.append(make("span", "label none"));
		if (!row.label && row.text.startsWith("  "))
			classes.push("inner");
		what.append(...unbroken(row.text.slice(0, row.result).trimStart()));
		if (row.result < row.text.length)
			what.append(make("span", "result", ...unbroken(row.text.slice(row.result).replace(" -> ", " \u2192 "))));
		line.append(what, make("span", "tag"), make("span", "at code", place(row)));

		const c = make("div", classes.join(" "), line);

		for (const remark of row.remarks)
			c.append(make("p", "remark", remark));
		return c;
	}

	function timeline(threads) {
		const table = make("table"), columns = make("colgroup"), title = make("tr");
		const labelled = new Set(data.views[view].filter((row) => row.label).map((row) => row.thread));
		let th = make("th", "order");

		columns.append(make("col", "order"), ...threads.map(() => make("col")));
		th.append(hidden("order"));
		title.append(th);
		for (const t of threads) {
			th = make("th", "", cpu(t), make("span", "", data.threads[t] || (data.program ? "" : "call_rcu")));
			th.scope = "col";
			title.append(th);
		}
		body = make("tbody");
		for (const row of data.views[view]) {
			const tr = make("tr");

			th = make("th", "", String(row.event));
			th.scope = "row";
			tr.append(th);
			for (const t of threads)
				tr.append(make("td", "", t === row.thread ? cell(row, labelled.has(t)) :
					 null));
			tr.dataset.event = row.event;
			tr.tabIndex = -1;
			tr.setAttribute("aria-selected", "false");
			body.append(tr);
		}
		table.setAttribute("role", "grid");
		table.setAttribute("aria-label", "The execution: time runs downwards, a column per CPU");
		table.append(columns, make("thead", "", title), body);
		return table;
	}

	function hidden(text) {
		const s = make("span", "", text);

		s.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
		return s;
	}

	/* The line of an event; of one inside a step, the step's. */
	function rowOf(i) {
		let found = null;

		if (i < 0 || i === undefined)
			return null;
		for (const tr of rows) {
			const k = Number(tr.dataset.event);

			if (k === i)
				return tr;
			if (k < i && events[k].thread === events[i].thread && events[i].step !== undefined &&
			    events[k].step === events[i].step)
				found = tr;
		}
		return found;
	}

	/* ---- arrows ---- */

	function marker(id, cls, d) {
		return draw("marker", { id: id, class: cls, viewBox: "0 0 10 10", refX: 8, refY: 5,
					markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse",
					orient: "auto-start-reverse" }, draw("path", { d: d }));
	}

	function markers() {
		return draw("defs", {}, marker("end-rf", "rf", "M0 1 L10 5 L0 9 z"),
			    marker("end-newer", "newer", "M1 1 L9 9 M9 1 L1 9"));
	}

	/* From the store's dot to the load's; in one column, around the dots. */
	function curve(from, to) {
		const box = svg.getBoundingClientRect();
		const dot = (tr) => {
			const b = tr.querySelector(".event").getBoundingClientRect();

			return { left: b.left - box.left, right: b.right - box.left, y: b.top - box.top + 16 };
		};
		const a = dot(from), b = dot(to);

		if (a.left === b.left) {
			const x = a.left + 3, bend = Math.min(14, 6 + Math.abs(b.y - a.y) / 20);

			return `M${x} ${a.y} C${x - bend} ${a.y} ${x - bend} ${b.y} ${x} ${b.y}`;
		}

		const right = b.left > a.left;
		const x1 = right ? a.right : a.left + 2, x2 = right ? b.left + 1 : b.right + 2;
		const bend = Math.max(24, Math.abs(x2 - x1) / 2) * (right ? 1 : -1);

		return `M${x1} ${a.y} C${x1 + bend} ${a.y} ${x2 - bend} ${b.y} ${x2} ${b.y}`;
	}

	function arrow(from, to, cls) {
		const a = rowOf(from), b = rowOf(to);

		if (!a || !b || a === b)
			return;
		svg.append(draw("path", { class: cls, d: curve(a, b), "data-from": from, "data-to": to,
					  "marker-end": cls.includes("newer") ? "url(#end-newer)" :
						  "url(#end-rf)" }));
	}

	/* Values that cross between CPUs, always; of the event that is looked at, all. */
	function arrows() {
		svg.replaceChildren(markers());
		svg.classList.toggle("dim", selected >= 0);
		events.forEach((e, i) => {
			const lit = i === selected || e.rf === selected && selected >= 0;

			if (!isLoad(e))
				return;
			if (e.rf >= 0 && (lit || events[e.rf].thread !== e.thread))
				arrow(e.rf, i, "arrow" + (lit ? " lit" : ""));
			if (!isLate(e))
				return;

			const missed = missedBy(e).filter(rowOf);
			const told = missed.find(labelOf);

			arrow(told === undefined ? e.newer : told, i,
			      "arrow newer" + (i === selected || missed.includes(selected) ? " lit" : ""));
		});
	}

	/* ---- one event in full ---- */

	function link(i) {
		const b = make("button", "go", code(nameOf(i)));

		b.type = "button";
		b.addEventListener("click", () => {
			if (!rowOf(i))
				show("all");
			select(i);
			reveal();
			rowOf(i).focus({ preventScroll: true });
		});
		return b;
	}

	/* Which store, whose, where, what value. */
	function store(i) {
		const e = events[i], site = siteOf(e);
		const p = make("p", "", link(i), " by " + cpu(e.thread));

		if (place(site))
			p.append(", " + place(site));
		p.append(": ", code(e.written));
		return p;
	}

	function describe(e) {
		const kinds = { read: "load", write: "store", rmw: "read-modify-write", fence: "barrier",
				other: "event" };
		const orders = { plain: "plain ", once: "marked ", acquire: "acquire ", release: "release ",
				 mb: "fully ordered ", "acq-rel": "acquire-release ", "seq-cst": "seq_cst " };

		return (e.kind === "fence" || e.kind === "other" ? "" : orders[e.order] || "") + kinds[e.kind];
	}

	function coherenceList(i) {
		const e = events[i], list = make("ol", "co"), missed = missedBy(e);
		const add = (k, content, cls, note) => {
			const li = make("li", cls, content);

			if (note)
				li.append(make("small", "", note));
			if (k >= 0)
				li.dataset.event = k;
			list.append(li);
		};
		const first = initialValue(e), start = make("span", "", "initial value");

		if (first)
			start.append(": ", code(first));
		add(-1, start, e.rf === -1 ? "read" : "", e.rf === -1 ? "\u2190 read here" : "");
		for (const k of coherence(e)) {
			const content = make("span", "", link(k), ", " + cpu(events[k].thread) + ": ",
					     code(events[k].written));

			if (k === i)
				add(k, content, "self", "\u2190 this one");
			else if (e.rf === k)
				add(k, content, "read", "\u2190 read here");
			else if (missed.includes(k))
				add(k, content, "missed", "\u2190 missed");
			else
				add(k, content, "", "");
		}
		return list;
	}

	function details(i) {
		const panel = document.getElementById("detail"), e = events[i];
		const add = (name, ...content) => panel.append(make("h3", "", name), ...content);

		panel.replaceChildren();
		if (i < 0) {
			panel.append(make("h2", "", "An event in full"),
				     make("p", "hint", "Point at a line of the timeline, or go there with the " +
					  "arrow keys: here stand its value, the store that it was read from, " +
					  "newer stores that it missed and which order is missing."));
			return;
		}

		const site = siteOf(e), step = e.step === undefined ? null : sites[e.step];
		const title = cpu(e.thread) + (data.threads[e.thread] ? " \u00b7 " + data.threads[e.thread] : "");

		panel.append(make("h2", "", title + " \u00b7 event " + i + " \u00b7 " + describe(e)));
		panel.append(make("pre", "source-text", (step && step.label ? step.label + "  " : "") + textOf(i)));
		panel.append(make("p", "place", place(site) + (site && site.func ? " in " + site.func +
				  (/^\w+$/.test(site.func) ? "()" : "") : "")));
		if (step && !textOf(i).includes(tidy(step.text)))
			add("step", make("p", "", step.label ? step.label + " " : "", code(tidy(step.text)),
					 place(step) ? ", " + place(step) : ""));
		if (e.blocked)
			add("outcome", make("p", "", "waits for ever"));
		if (isLoad(e) && !e.blocked) {
			add(e.failed ? "value read (the condition does not hold)" : "value read",
			    make("p", "", code(e.read)));
			add("read from", e.rf >= 0 ? store(e.rf) : make("p", "", "the initial value"));
		}
		if (isStore(e))
			add("value written", make("p", "", code(e.written)));
		if (isLate(e)) {
			const missed = missedBy(e);

			add(missed.length > 1 ? "newer stores that it missed" : "newer store that it missed",
			    ...missed.map(store));
			if (e.why)
				add("missing order", make("p", "why", e.why));
		}
		if (data.racing && data.racing.includes(i)) {
			const other = data.racing[data.racing[0] === i ? 1 : 0];

			add(data.oracle === "use-after-free" ? "free and use" : "races with",
			    make("p", "", link(other), " by " + cpu(events[other].thread)));
		}
		if (isStore(e)) {
			const readers = readersOf(i);

			if (readers.length)
				add("read by", ...readers.map((k) => make("p", "", link(k), " by " +
									   cpu(events[k].thread))));
		}
		if (e.location !== undefined && coherence(e).length) {
			const name = variable(e.location);

			add(name ? "all stores to " : "all stores to this location", coherenceList(i));
			if (name) {
				const h = panel.querySelector("h3:last-of-type"), v = code(name);

				v.style.textTransform = "none";
				h.append(v);
			}
		}
	}

	function mark(i, cls, text) {
		const tr = rowOf(i);

		if (!tr || tr.getAttribute("aria-selected") === "true")
			return;
		tr.classList.add(cls);
		tr.querySelector(".tag").textContent = text;
	}

	function select(i) {
		const e = events[i];

		selected = i;
		for (const tr of rows) {
			tr.classList.remove("source", "missed", "reader");
			tr.querySelector(".tag").textContent = "";
			tr.setAttribute("aria-selected", String(tr === rowOf(i)));
			tr.tabIndex = tr === (rowOf(i) || rows[0]) ? 0 : -1;
		}
		details(i);
		if (e) {
			for (const k of missedBy(e))
				mark(k, "missed", "missed");
			if (isLoad(e))
				mark(e.rf, "source", "read from");
			if (isStore(e))
				for (const k of readersOf(i))
					mark(k, "reader", "reads it");
		}
		arrows();
	}

	/* ---- putting it up ---- */

	function show(name) {
		const stage = document.getElementById("stage"), keep = selected;
		const threads = [...new Set(data.views.all.map((row) => row.thread))].sort((a, b) => a - b);

		view = name;
		for (const v of ["slice", "all"])
			document.getElementById("view-" + v).setAttribute("aria-pressed", String(v === name));
		stage.style.setProperty("--cpus", threads.length);
		svg = draw("svg", { "aria-hidden": "true" });
		stage.replaceChildren(timeline(threads), svg);
		rows = [...body.children];
		select(rowOf(keep) ? keep : -1);
	}

	function onKey(event) {
		const at = rows.indexOf(event.target.closest("tr"));
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];

		if (event.key === "Escape")
			select(-1);
		if (at < 0 || to === undefined || !rows[to])
			return;
		event.preventDefault();
		rows[to].focus();
	}

	/* The row looked at, in view and clear of the panel, which can lie over the lower part. */
	function reveal() {
		const tr = rowOf(selected);

		if (tr)
			tr.scrollIntoView({ block: "center" });
	}

	function readAddress() {
		const words = location.hash.slice(1).split(",");
		const event = words.map((w) => /^e(\d+)$/.exec(w)).find(Boolean);

		if (words.includes("all"))
			show("all");
		if (event && Number(event[1]) < events.length) {
			if (!rowOf(Number(event[1])))
				show("all");
			select(Number(event[1]));
			reveal();
		}
	}

	function eventUnder(target) {
		const tr = target instanceof Element ? target.closest("tbody tr") : null;

		return tr ? Number(tr.dataset.event) : -1;
	}

	const stage = make("div", "stage"), panel = make("aside"), main = make("main");
	const foot = make("footer", "", make("kbd", "", "\u2191"), " ", make("kbd", "", "\u2193"),
			  " from event to event, ", make("kbd", "", "Esc"), " to look at none. ",
			  data.made_by + ".");

	stage.id = "stage";
	panel.id = "detail";
	panel.setAttribute("aria-live", "polite");
	panel.setAttribute("aria-label", "The event that is looked at");
	main.className = "layout";
	main.append(make("div", "scroll", stage), panel);
	document.body.append(head(), bar(), main, foot);
	show("slice");
	/* the one to look at first: the load that nobody expects, else the violation itself */
	select(data.look_at);
	/* a row that scrolls under a pointer at rest was not pointed at */
	window.addEventListener("mousemove", (event) => {
		const i = eventUnder(event.target), rests = event.screenX === pointer.x && event.screenY === pointer.y;

		pointer = { x: event.screenX, y: event.screenY };
		if (!rests && i >= 0 && i !== selected)
			select(i);
	});
	stage.addEventListener("focusin", (event) => {
		const i = eventUnder(event.target);

		if (i >= 0 && i !== selected)
			select(i);
	});
	stage.addEventListener("click", (event) => {
		const tr = event.target.closest("tbody tr");

		if (tr)
			tr.focus({ preventScroll: true });
	});
	stage.addEventListener("keydown", onKey);
	window.addEventListener("hashchange", readAddress);
	new ResizeObserver(arrows).observe(stage);
	readAddress();
	document.documentElement.dataset.ready = "true";
})();
