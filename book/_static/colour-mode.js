// The theme asks for the reader's choice of light or dark, and where there is none logs an error
// and paints light first. Without a choice the system's setting holds, from the first paint.
{
  const root = document.documentElement.dataset;
  root.mode ||= "auto";
  root.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
