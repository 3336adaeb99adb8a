// On paper nothing can be opened, and the sheet is white.
addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const { theme } = root.dataset;
  const closed = document.querySelectorAll("details:not([open])");
  root.dataset.theme = "light";
  closed.forEach((details) => (details.open = true));
  addEventListener(
    "afterprint",
    () => {
      root.dataset.theme = theme;
      closed.forEach((details) => (details.open = false));
    },
    { once: true },
  );
});
