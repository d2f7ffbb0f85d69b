// The page is whole without this: it sorts tables by a click on a column, and tells when nobody writes the page anew.
(() => {
  const root = document.documentElement.dataset, note = document.getElementById("stale");
  const tell = () => {
    const minutes = Math.floor((Date.now() / 1000 - root.written) / 60);
    if (root.open === "0" || minutes < 10) return;
    note.textContent = `This page is ${minutes} minutes old: nobody has written it anew since.`;
    note.hidden = false;
  };
  tell();
  setInterval(tell, 60000);

  const worth = (row, column) => {
    const text = row.cells[column].textContent.trim(), number = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1);
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1, body = table.tBodies[0];
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [worth(row, column), row]);
        body.append(...rows.sort(([a], [b]) => way * compare(a, b)).map(([, row]) => row));
      });
    }
  }
})();
