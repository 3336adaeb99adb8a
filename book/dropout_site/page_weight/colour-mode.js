{
  const root = document.documentElement.dataset;
  root.mode ||= "auto";
  root.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
