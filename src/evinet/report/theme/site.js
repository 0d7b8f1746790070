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

function closeMenuOnTelephone() {
  const menu = document.querySelector(".menu details");
  if (menu && matchMedia("(max-width: 56rem)").matches) menu.open = false;
}

function searchField(box, index) {
  const rows = [...box.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
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
  };
  input.addEventListener("input", show);
  box.prepend(label, found);
  show();
}

modeButton();
closeMenuOnTelephone();
document.querySelectorAll(".searchable").forEach(searchField);
