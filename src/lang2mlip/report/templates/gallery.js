"use strict";
const all = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const COLOURS = ["#222a30", "#d1495b", "#00798c", "#edae49", "#66548f", "#2e933c", "#8d6346"];
const BONDING = new Set("H B C N O F Si P S Cl Ge As Se Br Te I".split(" "));
const dark = matchMedia("(prefers-color-scheme: dark)");
const order = { key: "", down: false };
let shown = all, current = 0, viewer = null;

function element(name, words, kind) {
  const made = document.createElement(name);
  if (words !== undefined) made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

function card(entry) {
  const made = element("button", undefined, "card");
  made.type = "button";
  const picture = element("img");
  picture.src = entry.picture;
  picture.alt = "";
  picture.width = picture.height = 180;
  made.append(picture, element("b", entry.name), element("small", `${entry.formula} · ${entry.atoms} atoms`));
  const dense = entry.density === null ? "not periodic in 3D" : `${entry.density.toFixed(2)} g/cm³`;
  made.append(element("small", `${entry.role} · ${entry.class} · ${dense}`));
  if (entry.helped) made.append(element("small", entry.gate, "helped"));
  made.addEventListener("click", () => open(entry));
  return made;
}

function row(entry) {
  const made = element("tr");
  made.tabIndex = 0;
  for (const key of ["name", "group", "role", "class", "formula", "gate"]) made.append(element("td", entry[key]));
  for (const key of ["atoms", "density", "nearest", "ratio"]) made.append(element("td", entry[key] ?? "–", "number"));
  made.addEventListener("click", () => open(entry));
  made.addEventListener("keydown", (event) => { if (event.key === "Enter") open(entry); });
  return made;
}

function compare(one, two) {
  const a = one[order.key], b = two[order.key];
  if (a === null || b === null) return (a === null) - (b === null);  // what is not known comes last, either way
  const rank = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
  return order.down ? -rank : rank;
}

function list() {
  const group = by("group").value, role = by("role").value;
  shown = all.filter((one) => (!group || one.group === group) && (!role || one.role === role));
  if (order.key) shown = [...shown].sort(compare);
  for (const head of by("rows").querySelectorAll("th")) {
    const chosen = head.dataset.key === order.key;
    head.setAttribute("aria-sort", chosen ? (order.down ? "descending" : "ascending") : "none");
  }
  by("sort").value = order.key;
  by("cards").replaceChildren(...shown.map(card));
  by("rows").querySelector("tbody").replaceChildren(...shown.map(row));
  by("count").textContent = `${shown.length} of ${all.length}`;
}

function sort(key, down) {
  Object.assign(order, { key, down });
  list();
}

function draw(entry) {
  if (!viewer) viewer = $3Dmol.createViewer(by("stage"), { backgroundColor: "white" });
  viewer.removeAllModels();
  viewer.removeAllShapes();
  // Sticks join non-metals alone: an ion has neighbours, not bonds.
  add(entry, (symbol) => BONDING.has(symbol), true);
  add(entry, (symbol) => !BONDING.has(symbol), false);
  if (entry.cell) box(entry.cell);
  viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]);
  viewer.rotate(-78, "x");
  viewer.rotate(25, "z");
  viewer.zoomTo();
  viewer.render();
}

function add(entry, chosen, assignBonds) {
  const at = (n) => entry.positions.slice(3 * n, 3 * n + 3).join(" ");
  const lines = entry.symbols.flatMap((symbol, n) => (chosen(symbol) ? [`${symbol} ${at(n)}`] : []));
  if (!lines.length) return;
  const model = viewer.addModel(`${lines.length}\n\n${lines.join("\n")}\n`, "xyz", { assignBonds });
  const sphere = { sphere: { scale: assignBonds ? 0.24 : 0.32 } };
  model.setStyle({}, assignBonds ? { ...sphere, stick: { radius: 0.1 } } : sphere);
}

function box(cell) {
  const point = (i, j, k) => {
    const [x, y, z] = [0, 1, 2].map((axis) => i * cell[0][axis] + j * cell[1][axis] + k * cell[2][axis]);
    return { x, y, z };
  };
  for (const a of [0, 1]) for (const b of [0, 1]) {
    viewer.addLine({ start: point(0, a, b), end: point(1, a, b), color: "grey" });
    viewer.addLine({ start: point(a, 0, b), end: point(a, 1, b), color: "grey" });
    viewer.addLine({ start: point(a, b, 0), end: point(a, b, 1), color: "grey" });
  }
}

function svg(name, attributes, words) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) made.textContent = words;
  return made;
}

function plot(entry) {
  const curves = Object.entries(entry.rdf), reach = 6;
  const top = Math.max(1e-9, ...curves.flatMap(([, curve]) => curve));
  const x = (n, count) => 30 + 320 * (n + 0.5) / count, y = (value) => 175 - 160 * value / top;
  const parts = [svg("path", { d: "M30 15V175H350", class: "axis", fill: "none" })];
  for (let r = 0; r <= reach; r += 1) parts.push(svg("text", { x: 30 + 320 * r / reach, y: 188, "text-anchor": "middle" }, r));
  parts.push(svg("text", { x: 350, y: 199, "text-anchor": "end" }, "r, Å"));
  parts.push(svg("text", { x: 26, y: 22, "text-anchor": "end" }, top.toPrecision(2)));
  curves.forEach(([, curve], n) => {
    const d = curve.map((value, k) => `${k ? "L" : "M"}${x(k, curve.length).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    parts.push(svg("path", { d, fill: "none", stroke: colour(n), "stroke-width": n ? 1.2 : 2 }));
  });
  by("rdf").replaceChildren(...parts);
  by("rdf-title").textContent = entry.periodic ? "Pair distribution g(r)" : "Neighbours per atom and 0.1 Å";
  by("legend").replaceChildren(...curves.map(([name], n) => {
    const made = element("span", name);
    const dash = element("i");
    dash.style.background = colour(n);
    made.prepend(dash);
    return made;
  }));
}

const colour = (n) => (n === 0 && dark.matches ? "#e8eaec" : COLOURS[n % COLOURS.length]);

function open(entry) {
  current = shown.indexOf(entry);
  by("detail-name").textContent = entry.name;
  by("detail-line").textContent = entry.line;
  const facts = {
    Group: entry.group, Role: entry.role, Class: entry.class, Formula: entry.formula, Gate: entry.gate, Atoms: entry.atoms,
    Density: entry.density === null ? "–" : `${entry.density} g/cm³`,
    "Nearest pair": entry.nearest === null ? "–" : `${entry.pair} ${entry.nearest} Å, ${entry.ratio} of the covalent sum`,
    Cell: entry.cell ? entry.cell.map((v) => Math.hypot(...v).toFixed(2)).join(" × ") + " Å" : "none", Seed: entry.seed,
  };
  by("facts").replaceChildren(...Object.entries(facts).flatMap(([key, value]) => [element("dt", key), element("dd", value)]));
  by("remarks").replaceChildren(...entry.remarks.map((remark) => element("li", remark)));
  by("how").textContent = entry.how;
  plot(entry);
  if (!by("detail").open) by("detail").showModal();
  draw(entry);
}

const step = (by_) => open(shown[(current + by_ + shown.length) % shown.length]);
for (const id of ["group", "role"]) by(id).addEventListener("change", list);
by("sort").addEventListener("change", () => sort(by("sort").value, false));
for (const head of by("rows").querySelectorAll("th")) {
  const key = head.dataset.key;
  head.firstElementChild.addEventListener("click", () => sort(key, key === order.key && !order.down));
}
by("view").addEventListener("click", () => {
  const table = by("rows").hidden;
  by("rows").hidden = !table;
  by("cards").hidden = table;
  by("view").setAttribute("aria-pressed", table);
  by("view").textContent = table ? "Show as pictures" : "Show as a table";
});
by("close").addEventListener("click", () => by("detail").close());
by("previous").addEventListener("click", () => step(-1));
by("next").addEventListener("click", () => step(1));
by("detail").addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
list();
