// What a page can do beyond being read; without scripts all of it is still there to read.
"use strict";

function modeButton() {
  const button = document.querySelector("button.mode");
  if (!button) return;
  const root = document.documentElement;
  const dark = () =>
    root.dataset.mode ? root.dataset.mode === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  try { if (localStorage.evinetMode) root.dataset.mode = localStorage.evinetMode; } catch { /* file: may forbid it */ }
  button.addEventListener("click", () => {
    root.dataset.mode = dark() ? "light" : "dark";
    try { localStorage.evinetMode = root.dataset.mode; } catch { /* this page only, then */ }
    label();
  });
  label();
  button.hidden = false;
}

// Each cell of the table of findings carries its heading: on a telephone rows are cards, which show it.
function headEachFinding() {
  for (const table of document.querySelectorAll(".findings table")) {
    const heads = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
    for (const row of table.tBodies[0].rows)
      for (const cell of row.cells) cell.dataset.label = heads[cell.cellIndex];
  }
}

function closeMenuOnTelephone() {
  const menu = document.querySelector(".menu details");
  if (menu && matchMedia("(max-width: 56rem)").matches) menu.open = false;
}

// The menu may be longer than the screen: it opens where the page is.
function keepPageInSight() {
  const here = document.querySelector(".menu [aria-current]");
  const menu = here?.closest("details");
  if (menu && menu.scrollHeight > menu.clientHeight) {
    menu.scrollTop = here.offsetTop - menu.offsetTop - menu.clientHeight / 3;
  }
}

// Folded parts that hold a row that was found open; Quarto folds by a class, the built-in renderer by details.
function openMatches(box) {
  box.querySelectorAll("details, .callout-collapse").forEach((part) => {
    const found = part.querySelector("tbody tr:not([hidden])") !== null;
    if (part.tagName === "DETAILS") part.open = found;
    else part.classList.toggle("show", found);
  });
}

function searchField(box, index) {
  const rows = [...box.querySelectorAll("tbody tr")];
  // a row is also found by the title of the folded part that it is in
  const title = (row) => row.closest("details, .callout")?.querySelector("summary, .callout-header");
  const texts = rows.map((row) => `${title(row)?.textContent ?? ""} ${row.textContent}`.toLowerCase());
  const label = document.createElement("label");
  label.className = "search";
  label.textContent = box.dataset.label || "Search";
  const input = document.createElement("input");
  input.type = "search";
  input.id = `search-${index}`;
  label.append(input);
  const found = document.createElement("p");
  found.className = "found";
  found.setAttribute("role", "status");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every((word) => texts[i].includes(word));
      if (!row.hidden) count += 1;
    });
    found.textContent = `${count} of ${rows.length} rows`;
    if (words.length) openMatches(box);
  };
  input.addEventListener("input", show);
  box.prepend(label, found);
  show();
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function choice(label, options, selected) {
  const select = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
  select.value = selected;
  return [element("label", { className: "choice" }, label, select), select];
}

const KEY = "compare";
const SVG = "http://www.w3.org/2000/svg";
const SPAN = Math.log(10); // the picture reaches from 1/10 to 10

function interval(at, bridged) {
  const place = (value) => 80 + 78 * Math.max(-1, Math.min(1, value / SPAN));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 160 16");
  svg.setAttribute("aria-hidden", "true");
  if (bridged) svg.classList.add("bridged");
  const draw = (tag, attributes) => {
    const shape = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => shape.setAttribute(name, value));
    svg.append(shape);
  };
  draw("line", { x1: 80, x2: 80, y1: 0, y2: 16, class: "null" });
  draw("line", { x1: place(at[1]), x2: place(at[2]), y1: 8, y2: 8, class: "reach" });
  draw("rect", { x: place(at[0]) - 3.5, y: 4.5, width: 7, height: 7, class: "middle" });
  return svg;
}

function explore(box) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const labels = Object.fromEntries(data.treatments);
  const [modelLabel, model] = choice("Model", data.models.map((m, i) => [String(i), m.label]), "0");
  const [referenceLabel, reference] = choice("Compare with", data.treatments, data.references[0]);
  const bridged = data.models.findIndex((m) => m.bridge);
  const bridge = element("button", { type: "button" });
  // A choice is kept in the address, so that a link to it shows the same.
  const [, name, asked, against] = location.hash.slice(1).split("/");
  const known = location.hash.startsWith(`#${KEY}/`) && name === data.name && data.models[asked] && labels[against];
  if (known) [model.value, reference.value] = [asked, against];
  let chose = false;
  const body = element("tbody");
  const note = element("p", { className: "found" });
  note.setAttribute("role", "status");
  const row = (slug) => {
    const found = data.models[model.value].rows[`${slug}/${reference.value}`];
    const name = element("th", { scope: "row" }, labels[slug]);
    if (!found) return element("tr", { className: "no" }, name, element("td", { colSpan: 4 }, element("span", {}, "no comparison: no chain of trials joins them in this model")));
    return element("tr", {}, name, element("td", {}, `${found.ratio} (${found.limits})`), element("td", {}, interval(found.at, found.bridged)),
      element("td", {}, found.better), element("td", {}, found.bridged ? "a bridge" : "trials"));
  };
  const show = () => {
    const chosen = data.models[model.value];
    const slugs = Object.keys(labels).filter((slug) => slug !== reference.value);
    body.replaceChildren(...slugs.map(row));
    bridge.setAttribute("aria-pressed", String(Boolean(chosen.bridge)));
    bridge.textContent = chosen.bridge ? `Bridge on: ${chosen.bridge}` : "Bridge off";
    const joined = slugs.filter((slug) => chosen.rows[`${slug}/${reference.value}`]).length;
    if (chose) history.replaceState(null, "", `#${[KEY, data.name, model.value, reference.value].join("/")}`);
    chose = true;
    note.textContent = `${chosen.label}: ${joined} of ${slugs.length} treatments can be compared with ${labels[reference.value]}.`;
  };
  const plain = Math.max(0, data.models.findIndex((m) => !m.bridge));
  bridge.addEventListener("click", () => { model.value = String(data.models[model.value].bridge ? plain : bridged); show(); });
  model.addEventListener("change", show);
  reference.addEventListener("change", show);
  const heads = ["Treatment", "Hazard ratio (95 % interval)", "0.1 to 10, log scale", "Probability of a lower hazard", "Rests on"];
  const head = element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text))));
  const scroll = element("div", { className: "scroll", tabIndex: 0 }, element("table", {}, head, body));
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", `Chosen comparisons, ${data.title}`);
  const controls = element("div", { className: "controls" }, referenceLabel, modelLabel);
  if (bridged >= 0) controls.append(bridge);
  box.append(element("p", { className: "explorer-title" }, "Choose what to compare"), controls, note, scroll);
  box.hidden = false;
  show();
  if (known) box.scrollIntoView();
}

modeButton();
closeMenuOnTelephone();
headEachFinding();
keepPageInSight();
document.querySelectorAll(".searchable").forEach(searchField);
document.querySelectorAll(".explorer").forEach(explore);
